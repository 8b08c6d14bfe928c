// How do I use dtenv at a prompt? This is the reference command, over the public headers alone.
//   build: cmake --preset release && cmake --build --preset release
//   run:   dtenv plan environment.json; dtenv apply environment.json; dtenv --help
#include <csignal>
#include <dtenv/dtenv.hpp>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include "command/documents.hpp"
#include "command/exit_code.hpp"
#include "command/files.hpp"
#include "command/helpers.hpp"
#include "command/jobs.hpp"
#include "command/options.hpp"

namespace {

bool is_job(const std::string& verb) {
  return verb == "plan" || verb == "apply" || verb == "verify" || verb == "destroy";
}

int run(const command::Options& options) {
  if (options.help) {
    std::cout << command::help_text(options.verb);
    return 0;
  }
  return is_job(options.verb) ? command::run_job(options) : command::run_helper(options);
}

/// Machines read the error's JSON, people its lines.
void print_error(const dtenv::api::Exception& error, const command::Options& options) {
  if (options.json || options.verb == "eval")
    std::cerr << error.json << '\n';
  else
    for (const std::string& line : command::error_lines(error.json, options.operand))
      std::cerr << line << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that goes away must not end an apply in its middle.
  std::signal(SIGPIPE, SIG_IGN);
  command::Options options;
  try {
    options = command::parse_options({argv + 1, argv + argc});
    const int code = run(options);
    std::cout << std::flush;
    return code == 0 && !std::cout ? command::exit_cannot_write : code;
  } catch (const command::UsageError& error) {
    std::cerr << "dtenv: " << error.what() << "\n`dtenv --help` says what there is.\n";
    return command::exit_usage;
  } catch (const command::FileError& error) {
    std::cerr << "dtenv: " << error.what() << '\n';
    return error.exit_code;
  } catch (const dtenv::api::Exception& error) {
    print_error(error, options);
    return command::exit_code_of(error.status);
  } catch (const std::bad_alloc&) {
    std::cerr << "dtenv: out of memory\n";
    return command::exit_code_of(DTENV_E_NOMEM);
  } catch (const std::exception& error) {
    std::cerr << "dtenv: " << error.what() << '\n';
    return command::exit_code_of(DTENV_E_INTERNAL);
  }
}
