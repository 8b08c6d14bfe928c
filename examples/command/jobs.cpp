#include "jobs.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <optional>

#include "documents.hpp"
#include "exit_code.hpp"
#include "files.hpp"
#include "follower.hpp"

namespace command {
namespace {

std::unique_ptr<Display> make_display(const Options& options, const Terminal& terminal) {
  std::ostream& output = options.json ? std::cerr : std::cout;
  if (options.quiet) return quiet_display(output);
  return terminal.is_live() ? live_display(terminal, output, options.verbose)
                            : plain_display(terminal, output, options.verbose);
}

/// One job command, from its document to its exit code.
class JobCommand {
 public:
  explicit JobCommand(const Options& options)
      : options_(options),
        document_(read_input(options.operand)),
        terminal_(options.no_color),
        session_(session_options(options.max_parallel)),
        display_(make_display(options, terminal_)),
        follower_(session_, *display_, interrupts_, options.log, options.grace_seconds) {
    for (const auto& [name, source] : options.secrets)
      session_.set_secret(name, read_secret(source));
  }

  int run() {
    if (options_.verb == "plan") return plan();
    if (options_.verb == "apply") return apply();
    dtenv::api::Job job =
        options_.verb == "verify" ? session_.verify(document_) : session_.destroy(document_);
    const Outcome outcome = follower_.follow(job);
    return finish_with_report(job, outcome);
  }

 private:
  int plan() {
    dtenv::api::Job job = session_.check(document_);
    const Outcome outcome = follower_.follow(job);
    display_->finish();
    keep_report(job);
    const std::optional<std::string> plan = plan_of(job);
    if (plan) print(*plan);
    if (outcome.status != DTENV_OK) return complain(outcome, true);
    return options_.exit_code && plan && count_changes(*plan) > 0 ? exit_pending : 0;
  }

  int apply() {
    std::string approved = options_.plan.empty() ? std::string() : read_input(options_.plan);
    if (wants_asking()) {
      dtenv::api::Job check = session_.check(document_);
      const Outcome outcome = follower_.follow(check);
      if (outcome.status != DTENV_OK) return finish_with_report(check, outcome);
      approved = check.plan();
      std::cerr << dtenv::api::render(approved);
      if (count_changes(approved) > 0 && !confirmed())
        return complain({DTENV_E_CANCELLED, {}}, false);
    }
    dtenv::api::Job job = session_.apply(document_, approved);
    const Outcome outcome = follower_.follow(job);
    return finish_with_report(job, outcome);
  }

  /// Asking needs somebody who can answer; a script has said what it wants by calling apply.
  bool wants_asking() const {
    return !options_.yes && options_.plan.empty() && !options_.json && options_.operand != "-" &&
           terminal_.is_live() && ::isatty(STDIN_FILENO) == 1;
  }

  bool confirmed() {
    std::cerr << "Apply this plan? [y/N] " << std::flush;
    std::array<pollfd, 2> fds = {{{STDIN_FILENO, POLLIN, 0}, {interrupts_.fd(), POLLIN, 0}}};
    ::poll(fds.data(), fds.size(), -1);
    if (fds[1].revents != 0) return false;
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
  }

  static std::optional<std::string> plan_of(dtenv::api::Job& job) {
    try {
      return job.plan();
    } catch (const dtenv::api::Exception& error) {
      if (error.status == DTENV_E_STATE) return std::nullopt;  // it ended before there was one
      throw;
    }
  }

  std::string keep_report(dtenv::api::Job& job) {
    std::string report = job.report();
    if (!options_.report.empty()) write_file(options_.report, report + "\n");
    if (const auto plan = plan_of(job); plan && !options_.out_plan.empty())
      write_file(options_.out_plan, *plan + "\n");
    return report;
  }

  int finish_with_report(dtenv::api::Job& job, const Outcome& outcome) {
    display_->finish();
    print(keep_report(job));
    return outcome.status == DTENV_OK ? 0 : complain(outcome, false);
  }

  void print(const std::string& document) const {
    std::cout << (options_.json ? document + "\n" : dtenv::api::render(document)) << std::flush;
  }

  /// `whole`: with the details, where no report has just said them.
  int complain(const Outcome& outcome, bool whole) const {
    // Places in the details are places in files of the machines, not in the document.
    const std::vector<std::string> lines = outcome.error_json.empty()
                                               ? std::vector<std::string>()
                                               : error_lines(outcome.error_json, "");
    for (std::size_t i = 0; i < lines.size() && (whole || i == 0); ++i)
      std::cerr << terminal_.painted(lines[i], Tone::bad) << '\n';
    const bool by_signal = outcome.status == DTENV_E_CANCELLED && follower_.signal() != 0;
    return by_signal ? 128 + follower_.signal() : exit_code_of(outcome.status);
  }

  const Options& options_;
  const std::string document_;
  const Terminal terminal_;
  Interrupts interrupts_;  // before the session: its threads inherit the mask
  dtenv::api::Session session_;
  std::unique_ptr<Display> display_;
  Follower follower_;
};

}  // namespace

int run_job(const Options& options) {
  return JobCommand(options).run();
}

}  // namespace command
