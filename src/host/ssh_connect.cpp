// The beginning and the end of an SshConnection.
#include <signal.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/deadline.hpp"
#include "host/patient_dial.hpp"
#include "host/ssh_connection.hpp"
#include "proc/environment.hpp"

namespace dtenv {

namespace {

using namespace asio::experimental::awaitable_operators;

/// Beyond the connect timeout: the key exchange, the login, and what rc files do.
constexpr Duration login_time = std::chrono::seconds(20);

}  // namespace

Task<Result<void>> SshConnection::connect() {
  const auto self = shared_from_this();
  if (is_up()) co_return Result<void>{};
  DialOnce dial = [self] { return self->dial_once(); };
  co_return co_await dial_patiently(std::move(dial));
}

Task<std::optional<SshFailure>> SshConnection::dial_once() {
  dial_.clean();
  auto child = Child::start(executor_, dial_.master(), child_environment(true));
  if (!child) {
    Problem install;
    install.problem = child.error().message;
    install.hint = "install openssh-client on the controller";
    co_return SshFailure{Error{child.error().status, child.error().message, {install}}, false};
  }
  auto master = std::make_shared<Channel>(*std::move(child));
  auto end = co_await master->shell.hello(dial_.options().connect_timeout + login_time);
  if (!end || *end != RemoteShell::End::done) {
    const bool late = end && *end == RemoteShell::End::timed_out;
    if (!late) co_await (master->shell.process().exited() || pause(std::chrono::seconds(1)));
    co_return failure_of(*master, late ? "it took the login, and then said nothing: does an rc "
                                         "file of the user wait for something?"
                                       : "the connection ended before it was of use");
  }
  const Outcome outcome = master->shell.take_outcome();
  const auto words = split_words(trim(outcome.out));
  login_user_ =
      words.size() == 2 ? static_cast<int>(parse_integer(words[1], 0, 1 << 30).value_or(0)) : -1;
  lost_.reset();
  master_ = master;
  channels_ = {master};
  idle_ = {master};
  asio::co_spawn(executor_, watch(shared_from_this(), master), asio::detached);
  co_return std::nullopt;
}

SshFailure SshConnection::failure_of(const Channel& master, std::string_view fallback) const {
  return classify_ssh_failure(dial_.options(), dial_.log() + "\n" + master.shell.noise(), fallback);
}

Task<void> SshConnection::watch(std::shared_ptr<SshConnection> self, ChannelPtr master) {
  co_await master->shell.process().wait();
  if (self->master_ != master) co_return;
  self->lose(self->failure_of(*master, "the connection ended").error);
}

Task<void> SshConnection::kill_late(ChannelPtr master) {
  co_await master->shell.process().stop(child_grace);
}

void SshConnection::close() {
  if (!master_) return;
  lose(Error{Status::host, "ssh " + dial_.options().host + ": the connection was closed"});
  asio::co_spawn(executor_, kill_late(std::move(master_)), asio::detached);
  master_.reset();
  channels_.clear();
}

}  // namespace dtenv
