#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"

namespace dtenv {

/// dockerd's command line by configuration key: {"hosts": ["fd://"], "debug": ["true"]}. Words that
/// are no flag (the program itself) are passed over; an unknown flag stands under its own name.
std::map<std::string, std::vector<std::string>> parse_daemon_flags(const Argv& words);

/// The value of --config-file, where one is given.
std::optional<std::string> config_file_flag(const Argv& words);

/// The program and words of a unit's ExecStart line, $OPTIONS filled in from `environment` as
/// systemd does (an unbraced $NAME of its own is split at blanks).
Argv expand_exec_start(std::string_view line,
                       const std::map<std::string, std::string>& environment);

/// The variables of `systemctl show -p Environment`: NAME=value words, those with blanks quoted.
std::map<std::string, std::string> parse_unit_environment(std::string_view text);

/// NAME=value lines of an EnvironmentFile: comments passed over, quotes taken off.
std::map<std::string, std::string> parse_environment_file(std::string_view text);

}  // namespace dtenv
