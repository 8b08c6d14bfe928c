#include "helpers.hpp"

#include <array>
#include <dtenv/dtenv.hpp>
#include <iostream>

#include "doctor.hpp"
#include "documents.hpp"
#include "files.hpp"

namespace command {
namespace {

int validate(const Options& options) {
  dtenv::api::validate(read_input(options.operand));
  if (options.json)
    std::cout << "{\"status\":\"OK\"}\n";
  else
    std::cout << options.operand << ": valid\n";
  return 0;
}

int render(const Options& options) {
  std::cout << dtenv::api::render(read_input(options.operand));
  return 0;
}

int schema(const Options& options) {
  std::cout << (options.operand.empty() ? dtenv::api::document_schema()
                                        : dtenv::api::step_schema(options.operand))
            << '\n';
  return 0;
}

int eval(const Options& options) {
  std::cout << dtenv::api::eval(options.operand, read_input("-")) << '\n';
  return 0;
}

int explain(const Options& options) {
  const std::string text_read = read_input(options.operand.empty() ? "-" : options.operand);
  const std::string matches = dtenv::api::eval("explain", text_arguments(text_read));
  if (options.json) {
    std::cout << matches << '\n';
    return 0;
  }
  const std::string text = matches_text(matches);
  std::cout << (text.empty() ? "nothing known about this text\n" : text);
  return 0;
}

int version(const Options&) {
  std::cout << "dtenv " << dtenv_version() << " (API " << dtenv_api_version() << ")\n"
            << dtenv_build_info() << '\n';
  return 0;
}

int help(const Options& options) {
  std::cout << help_text(options.operand);
  return 0;
}

struct Helper {
  std::string_view name;
  int (*run)(const Options&);
};

constexpr std::array<Helper, 8> helpers = {{
    {"validate", validate},
    {"render", render},
    {"schema", schema},
    {"eval", eval},
    {"explain", explain},
    {"hostfile", run_doctor},
    {"version", version},
    {"help", help},
}};

}  // namespace

int run_helper(const Options& options) {
  for (const Helper& helper : helpers)
    if (helper.name == options.verb) return helper.run(options);
  throw UsageError("no command " + options.verb);
}

}  // namespace command
