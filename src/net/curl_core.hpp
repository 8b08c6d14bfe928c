#pragma once

#include <curl/curl.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>

#include "base/task.hpp"

namespace dtenv {

/// Who is told that an easy handle is done; its address is the handle's CURLOPT_PRIVATE.
class CurlClient {
 public:
  virtual ~CurlClient() = default;
  virtual void done(CURLcode code) = 0;
};

/// The multi handle and what it waits for. Sockets are watched through duplicates: curl may close
/// its own before it says so, and then the number may be somebody else's.
class CurlCore : public std::enable_shared_from_this<CurlCore> {
 public:
  explicit CurlCore(asio::any_io_executor executor);
  ~CurlCore();
  CurlCore(const CurlCore&) = delete;
  CurlCore& operator=(const CurlCore&) = delete;

  const asio::any_io_executor& executor() const { return executor_; }
  CURLMcode add(CURL* easy);
  void remove(CURL* easy);

 private:
  struct Watched;
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* watched);
  static int on_timer(CURLM* multi, long milliseconds, void* self);
  void watch(curl_socket_t fd, int what);
  void arm(const std::shared_ptr<Watched>& watched, bool reading);
  void set_timer(long milliseconds);
  void act(curl_socket_t fd, int events);

  asio::any_io_executor executor_;
  asio::steady_timer timer_;
  std::map<curl_socket_t, std::shared_ptr<Watched>> watched_;
  CURLM* multi_;
};

}  // namespace dtenv
