#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "host/fake_host.hpp"
#include "host/host.hpp"
#include "host/make_host.hpp"
#include "net/curl_loop.hpp"
#include "net/docker.hpp"
#include "support/loop.hpp"

namespace dtenv {

/// A host under test, and what it cannot do.
struct Setup {
  asio::io_context loop;
  CurlLoop curl{loop.get_executor()};
  std::unique_ptr<Host> host;
  std::string folder;  ///< on that machine, empty and ours
  int argv_vectors = 500;
  std::string skip;  ///< why it cannot be tried here; empty: it can

  Result<Outcome> run(Argv argv, std::string input = {}) {
    Command command;
    command.argv = std::move(argv);
    command.input = std::move(input);
    return run_on(loop, host->run(command));
  }
  Result<Outcome> run(const Command& command, OutputSink sink = {}) {
    return run_on(loop, host->run(command, std::move(sink)));
  }
  Result<std::optional<FileState>> read(const std::string& path,
                                        std::size_t limit = std::size_t{8} << 20) {
    return run_on(loop, host->read(path, limit));
  }
  Result<void> write(const FileWrite& file);
  Result<void> write_all(const std::vector<FileWrite>& files);
  FileWrite file(const std::string& name, std::string content) const;
};

struct LocalSetup : Setup {
  LocalSetup();
};
struct FakeSetup : Setup {
  FakeSetup();
};
struct SshSetup : Setup {
  explicit SshSetup(bool has_perl = true);
  ~SshSetup();
};
/// A machine without perl.
struct BareSshSetup : SshSetup {
  BareSshSetup() : SshSetup(false) {}
};
struct ContainerSetup : Setup {
  ContainerSetup();
  ~ContainerSetup();
  std::unique_ptr<Docker> docker;
};
/// The shell programs alone, run by one shell of this machine.
template <int Shell>
struct ShellSetup : Setup {
  ShellSetup();
};

/// A folder of this test program's, not under /tmp (sshd refuses keys there), gone at its end.
const std::string& test_folder();
/// A fresh folder in it.
std::string fresh_folder();

/// A host whose commands run as `prefix` + argv on this machine, with "sh" replaced by `shell`, and
/// whose files go through the shell programs.
std::unique_ptr<Host> make_shell_host(const HostContext& context, Argv prefix, Argv shell);

}  // namespace dtenv
