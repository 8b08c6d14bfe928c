#include "contract/setup.hpp"

#include <unistd.h>

#include <filesystem>

#include "host/local_host.hpp"
#include "host/shell_files.hpp"

namespace dtenv {

namespace {

struct TestFolder {
  std::string path;
  TestFolder() {
    const std::string base = ::geteuid() == 0 ? "/var/lib" : std::string(::getenv("HOME"));
    path = base + "/dtenv-contract-" + std::to_string(::getpid());
    std::filesystem::create_directories(path);
    std::filesystem::permissions(path, std::filesystem::perms(0711));
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

class ShellHost : public LocalHost {
 public:
  ShellHost(const HostContext& context, Argv prefix, Argv shell)
      : LocalHost(context, "shell"), prefix_(std::move(prefix)), shell_(std::move(shell)) {}

  Task<Result<Outcome>> run(const Command& command, OutputSink sink) override {
    Command changed = command;
    changed.argv = prefix_;
    const bool is_shell = command.argv.front() == "sh";
    if (is_shell) changed.argv.insert(changed.argv.end(), shell_.begin(), shell_.end());
    changed.argv.insert(changed.argv.end(), command.argv.begin() + (is_shell ? 1 : 0),
                        command.argv.end());
    co_return co_await LocalHost::run(changed, std::move(sink));
  }
  Task<Result<std::optional<FileState>>> read(std::string path, std::size_t limit) override {
    co_return co_await shell_read(*this, std::move(path), limit);
  }
  Task<Result<void>> write_all(std::span<const FileWrite> files) override {
    co_return co_await shell_write(*this, files);
  }

 private:
  Argv prefix_;
  Argv shell_;
};

}  // namespace

const std::string& test_folder() {
  static const TestFolder folder;
  return folder.path;
}

std::string fresh_folder() {
  static int count = 0;
  const std::string path = test_folder() + "/f" + std::to_string(++count);
  std::filesystem::create_directories(path);
  return path;
}

Result<void> Setup::write(const FileWrite& file) {
  return run_on(loop, host->write(file));
}

Result<void> Setup::write_all(const std::vector<FileWrite>& files) {
  return run_on(loop, host->write_all(files));
}

FileWrite Setup::file(const std::string& name, std::string content) const {
  FileWrite write;
  write.path = folder + "/" + name;
  write.content = std::move(content);
  return write;
}

std::unique_ptr<Host> make_shell_host(const HostContext& context, Argv prefix, Argv shell) {
  return std::make_unique<ShellHost>(context, std::move(prefix), std::move(shell));
}

LocalSetup::LocalSetup() {
  folder = fresh_folder();
  host = make_local_host({loop.get_executor(), &curl, folder}, "local");
}

FakeSetup::FakeSetup() {
  folder = "/fake";
  host = std::make_unique<FakeHost>();
}

template <int Shell>
ShellSetup<Shell>::ShellSetup() {
  static const Argv shells[] = {{"dash"}, {"bash", "--posix"}, {"busybox", "sh"}};
  folder = fresh_folder();
  host = make_shell_host({loop.get_executor(), &curl, folder}, {}, shells[Shell]);
  const auto there = run({shells[Shell].front(), "--help"});
  if (!there || there->exit_code == 127) skip = "no " + shells[Shell].front() + " here";
}

template struct ShellSetup<0>;
template struct ShellSetup<1>;
template struct ShellSetup<2>;

}  // namespace dtenv
