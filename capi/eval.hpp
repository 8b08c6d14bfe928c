#pragma once

#include <string>
#include <vector>

namespace dtenv::capi {

/// The functions that dtenv_eval() has, in the order of the manual.
std::vector<std::string> eval_names();

}  // namespace dtenv::capi
