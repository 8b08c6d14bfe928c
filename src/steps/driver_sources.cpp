// Where driver_check looks, in the order of trust: the bus, the kernel, the packages, the tools.
#include "steps/driver_check.hpp"

namespace dtenv {
namespace {

/// nvidia-smi hangs on a sick GPU: no source may keep the rest waiting.
constexpr Duration deadline = std::chrono::seconds(5);
/// ubuntu-drivers asks apt for every package.
constexpr Duration slow_deadline = std::chrono::seconds(30);
constexpr std::size_t output_limit = std::size_t{4} << 20;

/// g++ 12 makes no initializer lists inside coroutines.
Argv words(std::string_view text) {
  return split(text, ' ');
}

struct Answer {
  bool hung = false;
  Outcome outcome;

  bool there() const { return !hung && outcome.exit_code != 127; }
};

/// Runs one probe. A program that hangs, is missing or fails is an answer; a lost machine is not.
Task<Result<Answer>> ask(const DriverCheck::Config& config, Target& target, Argv argv,
                         Duration limit) {
  Command command;
  command.argv = std::move(argv);
  command.timeout = limit;
  command.output_limit = output_limit;
  if (!config.path.empty()) command.env.emplace_back("PATH", config.path);
  auto outcome = co_await target.host.run(command);
  Answer answer;
  if (outcome.has_value()) {
    answer.outcome = std::move(*outcome);
  } else if (outcome.error().status == Status::timeout) {
    answer.hung = true;
  } else {
    co_return std::move(outcome).error();
  }
  co_return answer;
}

Task<Result<std::optional<std::string>>> ask_text(const DriverCheck::Config& config, Target& target,
                                                  Argv argv, Duration limit = deadline) {
  DT_CO_TRY_ASSIGN(const Answer answer, co_await ask(config, target, std::move(argv), limit));
  std::optional<std::string> text;
  if (answer.there()) text = answer.outcome.out + answer.outcome.err;
  co_return text;
}

Task<Result<std::string>> read_text(Target& target, std::string path) {
  DT_CO_TRY_ASSIGN(auto file, co_await target.host.read(std::move(path), std::size_t{1} << 20));
  co_return file ? std::move(file->content) : std::string{};
}

Argv pci_argv(const std::string& root) {
  Argv argv = words(
      "find -L ROOT -mindepth 2 -maxdepth 2 -type f ( -name uevent -o -name vendor -o -name device "
      "-o -name class -o -name driver ) -exec grep -sH . {} +");
  argv[2] = root + "/sys/bus/pci/devices";
  return argv;
}

Argv libraries_argv(const std::string& root) {
  Argv argv = words("find A B C -maxdepth 1 ( -name libnvidia-ml.so.* -o -name libcuda.so.* )");
  argv[1] = root + "/usr/lib/x86_64-linux-gnu";
  argv[2] = root + "/usr/lib/aarch64-linux-gnu";
  argv[3] = root + "/usr/lib64";
  return argv;
}

Argv packages_argv(const std::string& root) {
  Argv argv = {"dpkg-query"};
  if (!root.empty()) argv.push_back("--admindir=" + root + "/var/lib/dpkg");
  argv.insert(argv.end(),
              {"-W", "-f", "${db:Status-Abbrev}\\t${Package}\\t${Version}\\t${Architecture}\\n",
               "nvidia-*", "libnvidia-*", "linux-modules-nvidia-*", "cuda-drivers*"});
  return argv;
}

/// Only what a verdict looks at: a kernel log may be megabytes of other things.
std::string nvidia_lines(const std::string& log) {
  std::string out;
  for (const auto line : split_lines(log))
    if (contains(line, "NVRM") || contains(line, "nvidia") || contains(line, "nouveau") ||
        contains(line, "fabric manager"))
      out += std::string(line) + "\n";
  return out;
}

bool shows_gpu(const DriverSources& sources) {
  if (!trim(*sources.proc_version).empty()) return true;
  for (const auto& device : parse_pci_devices(sources.pci.value_or("")))
    if (device.is_nvidia_gpu()) return true;
  return false;
}

Task<Result<void>> read_smi(const DriverCheck::Config& config, Target& target,
                            DriverSources& sources) {
  DT_CO_TRY_ASSIGN(const Answer answer,
                   co_await ask(config, target, words("nvidia-smi -L"), deadline));
  SmiRun run;
  run.out = answer.outcome.out;
  run.err = answer.outcome.err;
  run.exit_code = answer.hung ? 124 : answer.outcome.exit_code;
  sources.nvidia_smi = std::move(run);
  co_return Result<void>{};
}

Task<Result<void>> read_packages(const DriverCheck::Config& config, Target& target,
                                 DriverSources& sources) {
  DT_CO_TRY_ASSIGN(sources.dpkg, co_await ask_text(config, target, packages_argv(config.root)));
  DT_CO_TRY_ASSIGN(sources.dkms, co_await ask_text(config, target, words("dkms status")));
  DT_CO_TRY_ASSIGN(sources.modinfo, co_await ask_text(config, target, words("modinfo nvidia")));
  DT_CO_TRY_ASSIGN(sources.libraries,
                   co_await ask_text(config, target, libraries_argv(config.root)));
  DT_CO_TRY_ASSIGN(
      sources.ubuntu_drivers,
      co_await ask_text(config, target, words("ubuntu-drivers devices"), slow_deadline));
  co_return Result<void>{};
}

Task<Result<void>> read_kernel_log(const DriverCheck::Config& config, Target& target,
                                   DriverSources& sources) {
  // A recorded machine's log is a file; a living one's is its kernel's.
  if (!config.root.empty()) {
    DT_CO_TRY_ASSIGN(const std::string text,
                     co_await read_text(target, config.root + "/var/log/dmesg"));
    sources.kernel_log = nvidia_lines(text);
    co_return Result<void>{};
  }
  DT_CO_TRY_ASSIGN(const auto text, co_await ask_text(config, target, words("dmesg")));
  if (text) sources.kernel_log = nvidia_lines(*text);
  co_return Result<void>{};
}

}  // namespace

Task<Result<DriverSources>> read_driver_sources(const DriverCheck::Config& config, Target& target) {
  DriverSources sources;
  DT_CO_TRY_ASSIGN(sources.pci, co_await ask_text(config, target, pci_argv(config.root)));
  DT_CO_TRY_ASSIGN(sources.proc_version,
                   co_await read_text(target, config.root + "/proc/driver/nvidia/version"));
  DT_CO_TRY_ASSIGN(sources.kernel,
                   co_await read_text(target, config.root + "/proc/sys/kernel/osrelease"));
  if (!shows_gpu(sources)) co_return sources;
  DT_CO_TRY(co_await read_packages(config, target, sources));
  DT_CO_TRY(co_await read_smi(config, target, sources));
  DT_CO_TRY(co_await read_kernel_log(config, target, sources));
  co_return sources;
}

}  // namespace dtenv
