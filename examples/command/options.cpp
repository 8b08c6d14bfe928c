#include "options.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "exit_code.hpp"

namespace command {
namespace {

struct Verb {
  std::string_view name;
  std::string_view operand;  ///< empty: none; in brackets: may be left out
  std::string_view summary;
};

constexpr std::array<Verb, 12> verbs = {{
    {"plan", "ENV", "read every machine and show what apply would change, and what that disrupts"},
    {"apply", "ENV", "make the machines as ENV says; a second time changes nothing"},
    {"verify", "ENV", "read every machine and fail unless all of it holds"},
    {"destroy", "ENV", "take away what apply made: containers, keys, hostfiles"},
    {"validate", "FILE", "check an environment document; every problem with its line and column"},
    {"render", "FILE", "print a plan or a report (JSON) as text"},
    {"schema", "[KIND]", "print the JSON schema of the document, or of one step"},
    {"eval", "FUNCTION", "run a pure helper: JSON arguments on stdin, JSON result on stdout"},
    {"hostfile", "doctor FILE",
     "what each launcher makes of a hostfile, with the place and the cure"},
    {"explain", "[FILE]", "name known causes and repairs of an error text, of FILE or of stdin"},
    {"version", "", "print the version of the command and the library"},
    {"help", "[COMMAND]", "print this help, or a subcommand's"},
}};

const Verb* find_verb(std::string_view name) {
  const auto found =
      std::find_if(verbs.begin(), verbs.end(), [&](const Verb& verb) { return verb.name == name; });
  return found == verbs.end() ? nullptr : &*found;
}

int number(const std::string& text, const std::string& option) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0)
    throw UsageError(option + ": not a number: " + text);
  return value;
}

void add_secret(Options& options, const std::string& text) {
  const auto equals = text.find('=');
  const std::string source = equals == std::string::npos ? "" : text.substr(equals + 1);
  // A value given as a word would stand in ps, in the shell's history and in logs.
  const bool is_file = source.size() > 1 && source[0] == '@';
  const bool is_fd = source.size() > 3 && source.rfind("fd:", 0) == 0 &&
                     source.find_first_not_of("0123456789", 3) == std::string::npos;
  if (equals == 0 || (!is_file && !is_fd))
    throw UsageError("--secret: give NAME=@FILE or NAME=fd:NUMBER, never the value itself");
  options.secrets.emplace_back(text.substr(0, equals), source);
}

struct Option {
  std::string_view name;
  std::string_view value;  ///< empty: a flag
  std::string_view verbs;  ///< the subcommands that know it; empty: all
  std::string_view help;
  void (*set)(Options&, const std::string& value);
};

constexpr std::string_view jobs = "plan apply verify destroy";

const std::array<Option, 16> table = {{
    {"--plan", "FILE", "apply", "keep to this plan: stop before the first change it does not hold",
     [](Options& o, const std::string& v) { o.plan = v; }},
    {"--yes", "", "apply", "do not ask on a terminal",
     [](Options& o, const std::string&) { o.yes = true; }},
    {"--exit-code", "", "plan", "exit with 3 when changes are pending",
     [](Options& o, const std::string&) { o.exit_code = true; }},
    {"--out-plan", "FILE", "plan apply", "write the plan (JSON), to approve it later",
     [](Options& o, const std::string& v) { o.out_plan = v; }},
    {"--report", "FILE", jobs, "write the report (JSON), also of a run that failed",
     [](Options& o, const std::string& v) { o.report = v; }},
    {"--log", "FILE", "apply", "write the output of the launched program here",
     [](Options& o, const std::string& v) { o.log = v; }},
    {"--secret", "NAME=SOURCE", jobs, "a secret ENV names; SOURCE is @FILE or fd:NUMBER",
     [](Options& o, const std::string& v) { add_secret(o, v); }},
    {"--max-parallel", "N", jobs, "machines worked on at a time",
     [](Options& o, const std::string& v) { o.max_parallel = number(v, "--max-parallel"); }},
    {"--grace", "SECONDS", jobs, "time a cancelled program has to end (10)",
     [](Options& o, const std::string& v) { o.grace_seconds = number(v, "--grace"); }},
    {"--engine", "NAME", "hostfile", "the verdict of this launcher alone; may be given again",
     [](Options& o, const std::string& v) { o.engines.push_back(v); }},
    {"--json", "", "plan apply verify destroy explain validate hostfile",
     "one JSON document on stdout", [](Options& o, const std::string&) { o.json = true; }},
    {"--verbose", "", jobs, "every line that builds and installs print",
     [](Options& o, const std::string&) { o.verbose = true; }},
    {"--quiet", "", jobs, "no progress, only the result",
     [](Options& o, const std::string&) { o.quiet = true; }},
    {"--no-color", "", jobs, "no colours (also NO_COLOR in the environment)",
     [](Options& o, const std::string&) { o.no_color = true; }},
    {"--help", "", "", "print this help", [](Options& o, const std::string&) { o.help = true; }},
    {"-h", "", "", "", [](Options& o, const std::string&) { o.help = true; }},
}};

bool knows(const Option& option, std::string_view verb) {
  return option.verbs.empty() ||
         (" " + std::string(option.verbs) + " ").find(" " + std::string(verb) + " ") !=
             std::string::npos;
}

const Option& find_option(const std::string& name, const std::string& verb) {
  for (const Option& option : table)
    if (option.name == name && knows(option, verb)) return option;
  throw UsageError(verb + ": no option " + name);
}

/// Handles the option at `words[at]` and gives the index after it.
std::size_t take_option(Options& options, const std::vector<std::string>& words, std::size_t at) {
  const auto equals = words[at].find('=');
  const std::string name = words[at].substr(0, equals);
  const Option& option = find_option(name, options.verb);
  if (option.value.empty()) {
    if (equals != std::string::npos) throw UsageError(name + " takes no value");
    option.set(options, {});
    return at + 1;
  }
  if (equals != std::string::npos) {
    option.set(options, words[at].substr(equals + 1));
    return at + 1;
  }
  if (at + 1 == words.size())
    throw UsageError(name + " needs a value: " + std::string(option.value));
  option.set(options, words[at + 1]);
  return at + 2;
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  out.resize(std::max(width, out.size()), ' ');
  return out;
}

std::string option_lines(std::string_view verb) {
  std::string out = "\nOptions:\n";
  for (const Option& option : table) {
    if (option.help.empty() || !knows(option, verb)) continue;
    std::string left(option.name);
    if (!option.value.empty()) left += " " + std::string(option.value);
    out += "  " + padded(left, 24) + std::string(option.help) + "\n";
  }
  return out;
}

}  // namespace

Options parse_options(const std::vector<std::string>& words) {
  Options options;
  if (words.empty()) throw UsageError("no command given");
  options.verb = words[0];
  if (options.verb == "--help" || options.verb == "-h") options.verb = "help";
  if (options.verb == "--version") options.verb = "version";
  const Verb* verb = find_verb(options.verb);
  if (verb == nullptr) throw UsageError("no command " + options.verb);

  bool only_operands = false;
  std::size_t at = 1;
  while (at < words.size()) {
    if (!only_operands && words[at] == "--") {
      only_operands = true;
      ++at;
    } else if (!only_operands && words[at].size() > 1 && words[at][0] == '-') {
      at = take_option(options, words, at);
    } else if (options.operand == "doctor" && options.verb == "hostfile" && options.file.empty()) {
      options.file = words[at++];
    } else if (!options.operand.empty() || verb->operand.empty()) {
      throw UsageError(options.verb + ": one word too many: " + words[at]);
    } else {
      options.operand = words[at++];
    }
  }
  if (options.verb == "hostfile" && !options.help && options.file.empty())
    throw UsageError("hostfile: `dtenv hostfile doctor FILE` is what there is");
  if (options.operand.empty() && !verb->operand.empty() && verb->operand[0] != '[' && !options.help)
    throw UsageError(options.verb + ": " + std::string(verb->operand) + " is missing");
  return options;
}

std::string help_text(std::string_view name) {
  if (const Verb* verb = find_verb(name); verb != nullptr && name != "help")
    return "usage: dtenv " + std::string(name) + " " + std::string(verb->operand) +
           (verb->operand.empty() ? "[OPTION]...\n\n" : " [OPTION]...\n\n") +
           std::string(verb->summary) + "\n" + option_lines(name) + "\n" + exit_code_text();
  std::string out = "usage: dtenv COMMAND [OPERAND] [OPTION]...\n\nCommands:\n";
  for (const Verb& verb : verbs)
    out += "  " + padded(std::string(verb.name) + " " + std::string(verb.operand), 18) +
           std::string(verb.summary) + "\n";
  return out +
         "\n`dtenv COMMAND --help` lists a command's options.\nENV is an environment document, "
         "FILE a file; - is stdin.\n\n" +
         exit_code_text();
}

}  // namespace command
