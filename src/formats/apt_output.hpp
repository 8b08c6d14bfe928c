#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dtenv {

/// The line (or the lines, for unmet dependencies) of apt-get, dpkg or dnf that says what went
/// wrong; empty: none does.
std::string package_words(std::string_view out, std::string_view err);

/// COMMAND: "ATTEMPTED: what it said", with the catalogue's cause and repair as detail.
Error package_error(std::string_view attempted, std::string_view out, std::string_view err,
                    int exit_code);

/// An update of one source said nothing that makes it unfit: a wrong key is no more than a warning
/// with exit status 0 on some apts; that a good signature will be too weak one day is no harm.
bool is_update_clean(std::string_view err);

/// "/var/lib/dpkg/lock-frontend, held by process 1234 (unattended-upgr)" of apt's words about a
/// lock that it waits for or did not get; empty: there are none.
std::string held_lock(std::string_view text);

/// The packages that `apt-get -s` would take away.
std::vector<std::string> simulated_removals(std::string_view out);

}  // namespace dtenv
