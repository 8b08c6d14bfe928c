#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.hpp"
#include "base/text.hpp"
#include "proc/unique_fd.hpp"

namespace dtenv {

/// What a child starts with. The descriptors become its 0, 1 and 2; it gets no others.
struct SpawnRequest {
  Argv argv;
  Environ env;            ///< all of it
  std::string directory;  ///< empty: the embedding process's own
  int in = -1;
  int out = -1;
  int err = -1;
};

/// A child in a process group of its own, with default signals and an empty mask; or why it is
/// none: the errno of exec (or of entering the folder), which is an outcome and no error of ours.
struct Spawned {
  pid_t pid = -1;
  UniqueFd pidfd;
  int exec_errno = 0;
  std::string exec_what;  ///< the program or the folder that could not be had
};

/// posix_spawn and nothing else: fork would run the embedding process's atexit handlers (or worse)
/// when exec fails. CHILD_LOST where the process is gone before it could be held.
Result<Spawned> spawn(const SpawnRequest& request);

/// As the shells say it: 127 "not there", 126 "there, and cannot be run".
int exec_exit_code(int exec_errno);

/// A pipe, CLOEXEC at both ends, neither of them 0, 1 or 2.
struct Pipe {
  UniqueFd read;
  UniqueFd write;
};
Result<Pipe> make_pipe();
/// A connected pair of stream sockets, the same way.
Result<Pipe> make_socket_pair();
/// A descriptor from which `bytes` can be read: memory, so that nothing has to be fed to a child
/// and no write of ours can raise SIGPIPE. Empty: /dev/null.
Result<UniqueFd> make_input(std::string_view bytes);

}  // namespace dtenv
