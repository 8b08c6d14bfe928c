#pragma once

#include <vector>

#include "base/text.hpp"
#include "formats/driver_facts.hpp"

namespace dtenv {

enum class Flavour { proprietary, open };

/// What the GPUs found ask for: open modules from Blackwell on, proprietary before Turing, else
/// what is there or is recommended.
Flavour wanted_flavour(const DriverFacts& facts);
/// Headers, then a headless driver without the X stack, of the server branch where there is one.
std::vector<Argv> install_driver_argvs(const DriverFacts& facts, Flavour flavour);
/// The module for the running kernel, from what is installed already.
std::vector<Argv> rebuild_module_argvs(const DriverFacts& facts);
/// Ubuntu's modules signed with a key the firmware knows.
std::vector<Argv> signed_module_argvs(const DriverFacts& facts);
/// Takes the stale module out and the one on disk in; nothing may use a GPU meanwhile.
std::vector<Argv> reload_module_argvs();
std::vector<Argv> fabric_manager_argvs(const DriverFacts& facts);
Argv apt_install_argv(const std::vector<std::string>& packages);

}  // namespace dtenv
