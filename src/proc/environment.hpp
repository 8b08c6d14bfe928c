#pragma once

#include <sys/types.h>

#include <string>

#include "base/text.hpp"

namespace dtenv {

/// What our children get of the embedding process's environment: PATH, HOME, USER and a fixed
/// locale; for ssh also its agent's socket and a Kerberos ticket's place. Nothing else leaks in.
Environ child_environment(bool for_ssh);

/// `base` with every variable of `added` set; the later one wins.
Environ merge_environment(Environ base, const Environ& added);

/// Why these variables cannot be given to a program; empty: they can.
std::string environment_problem(const Environ& env);

/// The value of a variable, or `fallback`.
std::string variable_or(const Environ& env, const std::string& name, std::string fallback);

/// A user's home as the accounts say it, whatever HOME is; empty: no such user.
std::string account_home(uid_t user);

/// The acting user's home folder, or "/" where that is no folder.
std::string home_folder();

}  // namespace dtenv
