#include "proc/process.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <cerrno>

#include "base/deadline.hpp"

namespace dtenv {

namespace {

// <sys/wait.h> names it since glibc 2.36 only.
constexpr auto by_pidfd = static_cast<idtype_t>(3);

ExitStatus status_of(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {info.si_status, 0};
  return {128 + info.si_status, info.si_status};
}

Task<void> stop_it(Process process, Duration grace) {
  co_await process.stop(grace);
}

}  // namespace

Process::Process(asio::any_io_executor executor, Spawned spawned)
    : pid_(spawned.pid), pidfd_(std::move(executor), spawned.pidfd.release()) {}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      ended_(std::move(other.ended_)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this == &other) return *this;
  kill_now();
  pid_ = std::exchange(other.pid_, -1);
  pidfd_ = std::move(other.pidfd_);
  ended_ = std::move(other.ended_);
  return *this;
}

Process::~Process() {
  kill_now();
}

void Process::kill_now() noexcept {
  if (pid_ < 0 || ended_) return;
  signal_group(SIGKILL);
  // A killed process is gone in well under this, unless it hangs in the kernel: then it is left.
  pollfd gone{pidfd_.native_handle(), POLLIN, 0};
  ::poll(&gone, 1, 200);
  siginfo_t info{};
  ::waitid(by_pidfd, static_cast<id_t>(pidfd_.native_handle()), &info, WEXITED | WNOHANG);
  pid_ = -1;
}

bool Process::has_exited() {
  if (ended_) return true;
  pollfd gone{pidfd_.native_handle(), POLLIN, 0};
  return ::poll(&gone, 1, 0) > 0;
}

bool Process::is_ours() const {
  if (pid_ < 0 || ended_) return false;
  auto& handle = const_cast<asio::posix::stream_descriptor&>(pidfd_);
  siginfo_t info{};
  return ::waitid(by_pidfd, static_cast<id_t>(handle.native_handle()), &info,
                  WEXITED | WNOHANG | WNOWAIT) == 0;
}

void Process::signal_group(int signal) {
  if (is_ours()) ::kill(-pid_, signal);
}

std::optional<Result<ExitStatus>> Process::collect() {
  if (ended_) return ended_;
  siginfo_t info{};
  int result = 0;
  do {
    result =
        ::waitid(by_pidfd, static_cast<id_t>(pidfd_.native_handle()), &info, WEXITED | WNOHANG);
  } while (result != 0 && errno == EINTR);
  if (result != 0)
    ended_ = Result<ExitStatus>(Error{
        Status::child_lost, "the embedding process reaped this child; how it ended is not known"});
  else if (info.si_pid != 0)
    ended_ = Result<ExitStatus>(status_of(info));
  return ended_;
}

Task<void> Process::exited() {
  if (ended_) co_return;
  co_await pidfd_.async_wait(asio::posix::stream_descriptor::wait_read,
                             asio::as_tuple(asio::use_awaitable));
}

Task<Result<ExitStatus>> Process::wait() {
  for (;;) {
    if (auto ended = collect()) co_return *std::move(ended);
    co_await exited();
  }
}

Task<Result<ExitStatus>> Process::stop(Duration grace) {
  using namespace asio::experimental::awaitable_operators;
  signal_group(SIGTERM);
  co_await (exited() || pause(grace));
  // Also where the leader left politely: the rest of its group may not have.
  signal_group(SIGKILL);
  co_return co_await wait();
}

void stop_detached(Process process, Duration grace) {
  auto executor = process.executor();
  asio::co_spawn(executor, stop_it(std::move(process), grace), asio::detached);
}

}  // namespace dtenv
