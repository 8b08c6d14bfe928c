#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/task.hpp"
#include "proc/command.hpp"

namespace dtenv {

class Docker;  // net/docker.hpp: the Engine API of one machine

/// A file as it is: content, and what a rewrite has to keep.
struct FileState {
  std::string content;
  std::uint32_t mode = 0;  ///< permission bits, 0644
  std::string owner;       ///< "0:0", numeric uid:gid
};

/// One atomic write: temp in the same folder, fsync, rename, fsync of the folder.
struct FileWrite {
  std::string path;  ///< absolute
  std::string content;
  std::optional<std::uint32_t> mode;  ///< nullopt: keep; 0644 for a new file
  std::string owner;                  ///< "uid:gid"; empty: keep; the acting user's for a new file
  /// Write only if the file's SHA-256 still is this ("" = must be absent); PLAN_STALE otherwise.
  std::optional<std::string> expected_sha256;
  /// Follow a symlink at the last component (daemon.json in dotfile set-ups). Default: refuse.
  bool follow_symlink = false;
  /// Extended attributes and ACLs of the old file too, where the folder is the acting user's own.
  bool keep_attributes = true;
  bool make_folders = true;                  ///< missing parents, 0755
  std::optional<std::uint32_t> folder_mode;  ///< of the parents it makes (0700 for ~/.ssh)
};

/// A machine I can act on. local, ssh, container, and the in-memory fake all pass one contract
/// suite (tests/contract). Every call has a deadline and ends on cancel; after a lost connection
/// each call gives Status::host.
class Host {
 public:
  virtual ~Host() = default;

  /// The node's name, for messages.
  virtual const std::string& name() const = 0;
  /// Opens the connection, where there is one, and proves the machine answers.
  virtual Task<Result<void>> connect() = 0;
  /// Runs to the end. An exit status other than 0 is an Outcome, not an error; a program that is
  /// not there is exit 127. Errors: HOST, TIMEOUT, CANCELLED, CHILD_LOST.
  virtual Task<Result<Outcome>> run(const Command& command, OutputSink sink = {}) = 0;
  /// nullopt: known to be absent. A folder or a file above `limit` bytes is an error.
  virtual Task<Result<std::optional<FileState>>> read(std::string path,
                                                      std::size_t limit = std::size_t{8} << 20) = 0;
  /// Each file atomically, in this order; what can be checked of all of them is checked before the
  /// first is replaced. The first that fails ends it: those before it are written then.
  virtual Task<Result<void>> write_all(std::span<const FileWrite> files) = 0;
  Task<Result<void>> write(const FileWrite& file);
  /// The machine's Docker Engine over this connection; borrowed, lives as long as the host.
  /// NOT_FOUND where no engine answers (with the cause), UNSUPPORTED inside a container.
  virtual Task<Result<Docker*>> docker() = 0;
};

/// run(), and COMMAND with the last line of stderr where it did not exit with 0.
Task<Result<Outcome>> run_ok(Host& host, const Command& command, OutputSink sink = {});

}  // namespace dtenv
