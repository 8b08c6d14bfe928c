#include "net/curl_core.hpp"

#include <fcntl.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <mutex>
#include <new>

namespace dtenv {

struct CurlCore::Watched {
  Watched(const asio::any_io_executor& executor, curl_socket_t fd_)
      : fd(fd_), duplicate(executor) {}

  curl_socket_t fd;
  asio::posix::stream_descriptor duplicate;
  int what = 0;          // CURL_POLL_IN, CURL_POLL_OUT or both
  bool reading = false;  // a wait for it is under way
  bool writing = false;
  bool gone = false;
};

namespace {

void initialise_curl() {
  static std::once_flag once;
  // Never undone: others in this process may use curl too.
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

CurlCore::CurlCore(asio::any_io_executor executor)
    : executor_(std::move(executor)), timer_(executor_) {
  initialise_curl();
  multi_ = curl_multi_init();
  if (multi_ == nullptr) throw std::bad_alloc();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlCore::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlCore::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

CurlCore::~CurlCore() {
  curl_multi_cleanup(multi_);
}

CURLMcode CurlCore::add(CURL* easy) {
  return curl_multi_add_handle(multi_, easy);
}

void CurlCore::remove(CURL* easy) {
  curl_multi_remove_handle(multi_, easy);
}

int CurlCore::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  static_cast<CurlCore*>(self)->watch(fd, what);
  return 0;
}

int CurlCore::on_timer(CURLM*, long milliseconds, void* self) {
  static_cast<CurlCore*>(self)->set_timer(milliseconds);
  return 0;
}

void CurlCore::watch(curl_socket_t fd, int what) {
  auto found = watched_.find(fd);
  if (what == CURL_POLL_REMOVE) {
    if (found == watched_.end()) return;
    found->second->gone = true;
    boost::system::error_code ignored;
    found->second->duplicate.close(ignored);
    watched_.erase(found);
    return;
  }
  if (found == watched_.end()) {
    auto fresh = std::make_shared<Watched>(executor_, fd);
    const int duplicate = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    boost::system::error_code failed;
    if (duplicate >= 0) fresh->duplicate.assign(duplicate, failed);
    // Without a watch the transfer runs into its deadline: all that can be done here.
    if (duplicate < 0 || failed) return;
    found = watched_.emplace(fd, std::move(fresh)).first;
  }
  found->second->what = what;
  arm(found->second, true);
  arm(found->second, false);
}

void CurlCore::arm(const std::shared_ptr<Watched>& watched, bool reading) {
  bool& waiting = reading ? watched->reading : watched->writing;
  const int wanted = reading ? CURL_POLL_IN : CURL_POLL_OUT;
  if (watched->gone || waiting || (watched->what & wanted) == 0) return;
  waiting = true;
  const auto wait = reading ? asio::posix::stream_descriptor::wait_read
                            : asio::posix::stream_descriptor::wait_write;
  watched->duplicate.async_wait(
      wait, [weak = weak_from_this(), watched, reading](boost::system::error_code error) {
        (reading ? watched->reading : watched->writing) = false;
        const auto self = weak.lock();
        if (!self || watched->gone) return;
        if (error == asio::error::operation_aborted) return;
        const int side = reading ? CURL_CSELECT_IN : CURL_CSELECT_OUT;
        if ((watched->what & (reading ? CURL_POLL_IN : CURL_POLL_OUT)) != 0)
          self->act(watched->fd, error ? CURL_CSELECT_ERR : side);
        self->arm(watched, reading);
      });
}

void CurlCore::set_timer(long milliseconds) {
  if (milliseconds < 0) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::chrono::milliseconds(milliseconds));
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    if (error) return;
    if (const auto self = weak.lock()) self->act(CURL_SOCKET_TIMEOUT, 0);
  });
}

void CurlCore::act(curl_socket_t fd, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, fd, events, &running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    void* client = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &client);
    static_cast<CurlClient*>(client)->done(message->data.result);
  }
}

}  // namespace dtenv
