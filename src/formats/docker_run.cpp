#include "formats/docker_run.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "formats/docker_run_options.hpp"
#include "formats/image_reference.hpp"
#include "formats/shell_words.hpp"

namespace dtenv {

namespace {

/// Reads the words of one line from left to right.
class Parser {
 public:
  explicit Parser(std::vector<ShellWord> words) : words_(std::move(words)) {}

  Result<DockerRun> run() {
    DT_TRY(program());
    DT_TRY(options());
    DT_TRY(image());
    for (; at_ < words_.size(); ++at_) state_.spec.command.push_back(words_[at_].text);
    settle();
    return DockerRun{std::move(state_.name), std::move(state_.spec), std::move(state_.warnings)};
  }

 private:
  Error fail(std::size_t at, std::string problem, std::string hint = {}) const {
    const ShellWord word = words_.empty() ? ShellWord{} : words_[std::min(at, words_.size() - 1)];
    const std::string message = "command: line " + std::to_string(word.line) + ", column " +
                                std::to_string(word.column) + ": " + problem;
    return {Status::config,
            message,
            {{"", word.line, word.column, std::move(problem), std::move(hint)}}};
  }

  /// An option's own error, at the word it stands in.
  Error fail(std::size_t at, const std::string& option, const Error& error) const {
    const std::string problem = option + ": " + error.message;
    return fail(at, problem, error.detail.empty() ? "" : error.detail.front().hint);
  }

  bool is(std::string_view word) const { return at_ < words_.size() && words_[at_].text == word; }

  Result<void> program() {
    if (is("$")) ++at_;
    if (is("sudo")) ++at_;
    while (at_ < words_.size() && starts_with(words_[at_].text, "NV_GPU=")) {
      nv_gpu_ = words_[at_].text.substr(7);
      ++at_;
    }
    const std::string word = at_ < words_.size() ? words_[at_].text : "";
    const std::string program = word.substr(word.rfind('/') + 1);
    wrapper_ = program == "nvidia-docker";
    if (program != "docker" && !wrapper_)
      return fail(at_, word.empty() ? "no command" : "\"" + visible(word) + "\" is not docker",
                  "a line that begins with docker run, docker create or nvidia-docker run");
    ++at_;
    if (is("container")) ++at_;
    if (!is("run") && !is("create"))
      return fail(at_, (at_ < words_.size() ? "\"docker " + visible(words_[at_].text) + "\""
                                            : std::string("\"docker\" alone")) +
                           " is not docker run or docker create");
    state_.detach = is("create");
    ++at_;
    return {};
  }

  Result<void> options() {
    for (; at_ < words_.size(); ++at_) {
      const std::string& word = words_[at_].text;
      if (word == "--") {
        ++at_;
        return {};
      }
      if (word.size() < 2 || word[0] != '-') return {};
      DT_TRY(word[1] == '-' ? long_option(word) : short_options(word));
    }
    return {};
  }

  Result<void> long_option(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    const auto& known = docker_run_options();
    const auto option = std::find_if(known.begin(), known.end(),
                                     [&](const DockerRunOption& one) { return one.name == name; });
    if (option == known.end()) {
      std::vector<std::string> names;
      for (const DockerRunOption& one : known) names.emplace_back(one.name);
      const auto near = nearest(name, names);
      return fail(at_, "unknown flag: --" + visible(name),
                  near ? "did you mean --" + *near + "?" : "");
    }
    if (equals == std::string::npos) return apply(*option, "--" + name, std::nullopt);
    return apply(*option, "--" + name, word.substr(equals + 1));
  }

  /// "-id", "-p80:80", "-itp 80:80".
  Result<void> short_options(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const auto& known = docker_run_options();
      const auto option = std::find_if(known.begin(), known.end(), [&](const DockerRunOption& one) {
        return one.letter == word[i];
      });
      const std::string shown = std::string("-") + word[i];
      if (option == known.end()) {
        const std::string dashed = word.size() > 3 ? "did you mean -" + word + "?" : "";
        return fail(
            at_, "unknown shorthand flag: '" + visible(word.substr(i, 1)) + "' in " + visible(word),
            dashed);
      }
      if (!option->takes_value) {
        DT_TRY(apply(*option, shown, std::nullopt));
        continue;
      }
      if (i + 1 == word.size()) return apply(*option, shown, std::nullopt);
      return apply(*option, shown, word.substr(i + (word[i + 1] == '=' ? 2 : 1)));
    }
    return {};
  }

  Result<void> apply(const DockerRunOption& option, const std::string& shown,
                     std::optional<std::string> value) {
    if (!option.takes_value) {
      const std::string on = value.value_or("true");
      if (on != "true" && on != "false" && on != "1" && on != "0")
        return fail(at_, shown + ": \"" + visible(on) + "\" is neither true nor false");
      return told(option.apply(on == "true" || on == "1" ? "true" : "false", state_), shown);
    }
    if (!value) {
      if (at_ + 1 >= words_.size()) return fail(at_, "flag needs an argument: " + shown);
      value = words_[++at_].text;
    }
    if ((option.letter == 'p' || option.letter == 'v') && ends_with(*value, ":")) {
      const std::string next = at_ + 1 < words_.size() ? words_[at_ + 1].text : "";
      return fail(at_,
                  shown + ": \"" + visible(*value) +
                      "\" ends with a colon: a blank stands in "
                      "the middle of " +
                      visible(*value) + " " + visible(next),
                  option.letter == 'p' ? "write HOST_PORT:CONTAINER_PORT as one word, such as 80:80"
                                       : "write HOST_FOLDER:CONTAINER_FOLDER as one word, such as "
                                         "/data:/data");
    }
    return told(option.apply(*value, state_), shown);
  }

  Result<void> told(Result<void> applied, const std::string& shown) const {
    if (applied) return applied;
    return fail(at_, shown, applied.error());
  }

  Result<void> image() {
    if (at_ >= words_.size()) return fail(at_, "no image after the options");
    const std::string& text = words_[at_].text;
    const bool id =
        starts_with(text, "sha256:") ||
        (text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos);
    if (!id) {
      const auto reference = parse_image_reference(text);
      if (!reference) return fail(at_, "the image", reference.error());
    }
    state_.spec.image = text;
    ++at_;
    return {};
  }

  /// What depends on several options at once.
  void settle() {
    ContainerSpec& spec = state_.spec;
    auto& warnings = state_.warnings;
    spec.attach = !state_.detach;
    if (wrapper_ && spec.runtime.empty()) spec.runtime = "nvidia";
    if (!nv_gpu_.empty()) spec.env.push_back("NVIDIA_VISIBLE_DEVICES=" + nv_gpu_);
    if (!spec.gpus.empty() && spec.runtime == "nvidia") {
      // Both at once inject the devices twice where the engine works with CDI.
      spec.runtime.clear();
      warnings.emplace_back(
          "--gpus brings the GPUs in by itself: the runtime nvidia is left out beside it");
    }
    if (spec.network == "host" && (!spec.ports.empty() || spec.publish_all))
      warnings.emplace_back("Published ports are discarded when using host network mode");
    if (spec.ipc == "host" && spec.shm_size)
      warnings.emplace_back("--shm-size has no effect beside --ipc=host: the machine's own counts");
    if (contains(spec.hostname, "_"))
      warnings.push_back("the host name " + spec.hostname +
                         " holds \"_\", which DNS names may not: some programs refuse it");
    if (spec.privileged)
      warnings.emplace_back("--privileged gives the container the whole machine");
  }

  std::vector<ShellWord> words_;
  std::size_t at_ = 0;
  DockerRunState state_;
  bool wrapper_ = false;  ///< nvidia-docker
  std::string nv_gpu_;
};

}  // namespace

Result<DockerRun> parse_docker_run(std::string_view command) {
  DT_TRY_ASSIGN(auto words, split_shell_words(command));
  return Parser(std::move(words)).run();
}

}  // namespace dtenv
