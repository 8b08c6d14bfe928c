#pragma once

#include <string>
#include <vector>

#include "formats/daemon_json_edit.hpp"
#include "formats/daemon_json_keys.hpp"
#include "formats/daemon_json_merge.hpp"

namespace dtenv {

/// Does one action on the text; what a person should know of it is added to `remarks`.
Result<void> act_on_daemon_json(JsonText& text, const DaemonJsonAction& action,
                                const EngineRelease& engine, std::vector<std::string>& remarks);

}  // namespace dtenv
