#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "formats/driver_facts.hpp"

namespace dtenv {

enum class Flavour { proprietary, open };

/// What the GPUs found ask for: open modules from Blackwell on, proprietary before Turing, else
/// what is there or is recommended.
Flavour wanted_flavour(const DriverFacts& facts);
/// The last driver branch that serves every GPU found (470 for Kepler, 580 for Maxwell to Volta).
int last_branch(const DriverFacts& facts);
/// A headless driver without the X stack, of the server branch where there is one and of no branch
/// before `floor`: prebuilt modules where the system offers them for its kernel, else headers and
/// dkms; loaded, where nothing else holds the devices, and put on hold.
std::vector<Argv> install_driver_argvs(const DriverFacts& facts, Flavour flavour, int floor = 0,
                                       bool load = false);
/// The module for the running kernel, from what is installed already.
std::vector<Argv> rebuild_module_argvs(const DriverFacts& facts);
/// Ubuntu's modules signed with a key the firmware knows; elsewhere the key is enrolled.
std::vector<Argv> signed_module_argvs(const DriverFacts& facts);
/// The libraries of the version that is installed, once more.
std::vector<Argv> library_argvs(const DriverFacts& facts);
/// Takes the stale module out and the one on disk in; nothing may use a GPU meanwhile.
std::vector<Argv> reload_module_argvs(const DriverFacts& facts);
std::vector<Argv> fabric_manager_argvs(const DriverFacts& facts);
/// Keeps nouveau off the devices from the next boot on.
std::vector<Argv> blacklist_nouveau_argvs(const DriverFacts& facts);
/// Keeps an unattended upgrade off the driver that is installed; empty: it is kept already.
std::vector<Argv> hold_argvs(const DriverFacts& facts);
/// Where unattended-upgrades runs: its list of packages to leave alone.
std::vector<Argv> unattended_argvs(const DriverFacts& facts);

Argv apt_install_argv(const std::vector<std::string>& packages);
/// The packages that an install line names; empty: it is none.
std::vector<std::string> packages_of(const Argv& argv);
/// A hold or a version lock.
bool is_hold(const Argv& argv);
/// It asks a person: a password, a download that nobody checked.
bool needs_a_person(const Argv& argv);
/// Those of `argvs` whose effect is not there yet: after an installation that waits for a reboot,
/// none.
std::vector<Argv> pending_argvs(const DriverFacts& facts, const std::vector<Argv>& argvs);

/// A whole file to be written.
struct DriverFile {
  std::string path;
  std::string text;
};
/// The command a person would type for it.
Argv write_file_argv(const DriverFile& file);
/// nullopt: the command writes no file.
std::optional<DriverFile> file_of(const Argv& argv);

}  // namespace dtenv
