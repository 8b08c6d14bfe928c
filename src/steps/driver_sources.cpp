// Where driver_check looks, in the order of trust: the bus, the kernel, the packages, the tools.
#include "steps/driver_check.hpp"
#include "steps/driver_programs.hpp"

namespace dtenv {
namespace {

/// More than the look program asks: all of its sources' own deadlines are to fit into its.
constexpr int look_sources = 32;
constexpr std::size_t output_limit = std::size_t{16} << 20;

struct Answer {
  bool hung = false;
  Outcome outcome;
};

/// Runs one probe. A program that hangs, is missing or fails is an answer; a lost machine is not.
Task<Result<Answer>> ask(const DriverCheck::Config& config, Target& target, Argv argv,
                         Duration limit, OutputSink sink = {}) {
  Command command;
  command.argv = std::move(argv);
  command.timeout = limit;
  command.output_limit = output_limit;
  if (!config.path.empty()) command.env.emplace_back("PATH", config.path);
  auto outcome = co_await target.host.run(command, std::move(sink));
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

/// g++ 12 makes no initializer lists inside coroutines.
Argv look_argv(const DriverCheck::Config& config) {
  return {"sh",
          "-c",
          std::string(driver_look_program),
          "dtenv-driver-look",
          config.root,
          config.path.empty() ? "no" : "yes",
          std::to_string(std::chrono::ceil<std::chrono::seconds>(config.source_deadline).count())};
}

Argv gpus_argv(const DriverCheck::Config& config) {
  return {"sh", "-c", std::string(driver_gpus_program), "dtenv-driver-gpus", config.root};
}

Argv query_argv() {
  return {"nvidia-smi", "--query-gpu=" + std::string(smi_query_columns),
          "--format=csv,noheader,nounits"};
}

/// -I: neither the user's packages nor the current folder may stand in the way.
Argv nvml_argv(const DriverCheck::Config& config) {
  Argv argv = {"python3", "-I", "-c", std::string(driver_nvml_program)};
  if (!config.root.empty())
    for (const char* folder :
         {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64"})
      argv.push_back(config.root + folder + "/libnvidia-ml.so.1");
  if (config.root.empty()) argv.emplace_back("libnvidia-ml.so.1");
  return argv;
}

/// "SECTION text" lines to the sources of those names. False: the end did not come.
bool read_sections(std::string_view text, DriverSources& sources) {
  bool whole = false;
  for (const auto line : split_lines(text)) {
    if (line == "end") whole = true;
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    const auto name = line.substr(0, blank);
    for (const auto& source : driver_source_names) {
      if (source.name != name) continue;
      auto& content = sources.*source.text;
      if (!content) content.emplace();
      *content += std::string(line.substr(blank + 1)) + "\n";
    }
  }
  return whole;
}

/// Of the look program: what it was at.
std::string last_asked(std::string_view text) {
  std::string asked = "reading the driver's files and packages";
  for (const auto line : split_lines(text))
    if (starts_with(line, "at ")) asked = visible(line.substr(3), 80);
  return asked;
}

bool shows_gpu(const DriverSources& sources) {
  if (!sources.pci || !trim(sources.proc_version.value_or("")).empty()) return true;
  for (const auto& device : parse_pci_devices(*sources.pci))
    if (device.is_nvidia_gpu()) return true;
  return false;
}

SmiRun smi_run(Answer answer) {
  SmiRun run;
  run.out = std::move(answer.outcome.out);
  run.err = std::move(answer.outcome.err);
  run.exit_code = answer.hung ? 124 : answer.outcome.exit_code;
  return run;
}

/// The query, and the list where this nvidia-smi knows one of its columns not.
Task<Result<void>> read_smi(const DriverCheck::Config& config, Target& target,
                            DriverSources& sources) {
  DT_CO_TRY_ASSIGN(Answer query,
                   co_await ask(config, target, query_argv(), config.source_deadline));
  const bool unknown_column = contains(query.outcome.out + query.outcome.err, "not a valid field");
  if (unknown_column) {
    Argv argv = {"nvidia-smi"};
    argv.emplace_back("-L");
    DT_CO_TRY_ASSIGN(query, co_await ask(config, target, std::move(argv), config.source_deadline));
  }
  sources.nvidia_smi = smi_run(std::move(query));
  co_return Result<void>{};
}

Task<Result<void>> read_nvml(const DriverCheck::Config& config, Target& target,
                             DriverSources& sources) {
  // What nvidia-smi waits for, NVML would wait for too.
  if (read_nvidia_smi(*sources.nvidia_smi).state == SmiState::hang) {
    sources.nvml = "not asked: nvidia-smi hangs\n";
    co_return Result<void>{};
  }
  DT_CO_TRY_ASSIGN(const Answer answer,
                   co_await ask(config, target, nvml_argv(config), config.source_deadline));
  if (answer.hung)
    sources.nvml = "not asked: hangs\n";
  else if (answer.outcome.exit_code == 127)
    sources.nvml = "not asked: the machine has no python3\n";
  else if (!answer.outcome.ok())
    sources.nvml = "not asked: python3: " + visible(trim(answer.outcome.err), 200) + "\n";
  else
    sources.nvml =
        config.root.empty() ? answer.outcome.out : replace_all(answer.outcome.out, config.root, "");
  co_return Result<void>{};
}

}  // namespace

Task<Result<DriverSources>> read_driver_sources(const DriverCheck::Config& config, Target& target) {
  DriverSources sources;
  const Duration limit = (config.source_deadline + std::chrono::seconds(1)) * look_sources;
  std::string said;
  const OutputSink sink = [&said](Stream stream, std::string_view bytes) {
    if (stream == Stream::out && said.size() < output_limit) said += bytes;
  };
  DT_CO_TRY_ASSIGN(const Answer look, co_await ask(config, target, look_argv(config), limit, sink));
  if (look.hung)
    co_return Error(Status::timeout, last_asked(said) + ": no end after " + show_duration(limit) +
                                         ", and no signal ends it: it hangs in the kernel");
  if (!read_sections(look.outcome.out, sources))
    co_return Error(Status::command, "reading the driver's files and packages: exit " +
                                         std::to_string(look.outcome.exit_code) + ": " +
                                         visible(trim(look.outcome.err), 300));
  if (!shows_gpu(sources)) co_return sources;
  DT_CO_TRY_ASSIGN(const Answer gpus,
                   co_await ask(config, target, gpus_argv(config), config.source_deadline));
  if (gpus.hung)
    sources.hung = sources.hung.value_or("") + "/proc/driver/nvidia/gpus\n";
  else
    sources.gpu_information = gpus.outcome.out;
  DT_CO_TRY(co_await read_smi(config, target, sources));
  DT_CO_TRY(co_await read_nvml(config, target, sources));
  co_return sources;
}

}  // namespace dtenv
