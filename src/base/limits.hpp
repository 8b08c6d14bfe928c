#pragma once

#include <string>

namespace dtenv {

/// " (open files are limited to 1024: ulimit -n)" where an errno says that a limit of this process
/// was met, with the limit's name and value; empty for others.
std::string limit_words(int errnum);

}  // namespace dtenv
