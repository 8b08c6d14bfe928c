#include "host/ssh_failure.hpp"

#include "base/text.hpp"
#include "formats/login_cause.hpp"

namespace dtenv {

namespace {

std::string address_of(const SshOptions& options) {
  std::string text = options.user.empty() ? options.host : options.user + "@" + options.host;
  if (options.port) text += ":" + std::to_string(*options.port);
  return text;
}

}  // namespace

SshFailure classify_ssh_failure(const SshOptions& options, std::string_view said,
                                std::string_view fallback) {
  const LoginVerdict verdict = judge_login(said);
  const std::string_view problem = verdict.problem.empty() ? fallback : verdict.problem;
  SshFailure failure;
  failure.retry = verdict.retry;
  std::string message = "ssh " + address_of(options) + ": " + std::string(problem);
  if (!verdict.line.empty()) message += " (" + visible(verdict.line, 200) + ")";
  failure.error = Error{Status::host, std::move(message)};
  Problem detail;
  detail.problem = verdict.line.empty() ? std::string(problem) : visible(verdict.line, 400);
  detail.hint = verdict.hint;
  failure.error.detail.push_back(std::move(detail));
  return failure;
}

}  // namespace dtenv
