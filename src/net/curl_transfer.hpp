#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "net/curl_core.hpp"
#include "net/http.hpp"

namespace dtenv {

/// One easy handle from its options to its end. The coroutine in curl_loop.cpp drives it: it waits,
/// then looks at what the callbacks left here. Gone from the multi handle when destroyed.
class CurlTransfer : CurlClient {
 public:
  using Clock = std::chrono::steady_clock;

  /// `request` must outlive the transfer.
  CurlTransfer(std::shared_ptr<CurlCore> core, const HttpRequest& request);
  ~CurlTransfer() override;
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  Result<void> start();
  /// Until a callback or the deadline has something to say.
  Task<void> wait();
  Task<void> until_done();

  bool is_done() const { return code_.has_value(); }
  bool wants_output() const { return wants_output_ && !is_done(); }
  void give_output(std::string piece);
  bool has_input() const { return !input_.empty(); }
  std::string take_input();
  void resume_input();
  void touch() { last_sign_ = Clock::now(); }

  /// TIMEOUT, once a deadline is over.
  std::optional<Error> overdue() const;
  Result<HttpResponse> result();
  const std::string& what() const { return what_; }

 private:
  static std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* self);
  static std::size_t on_write(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  void done(CURLcode code) override;
  std::size_t fill(char* buffer, std::size_t room);
  std::size_t take(std::string_view data);
  std::size_t take_header(std::string_view line);
  void set_transport();
  void set_method();
  void unpause(int direction);
  Clock::time_point deadline() const;
  void fail(std::string problem);

  std::shared_ptr<CurlCore> core_;
  const HttpRequest& request_;
  std::string what_;
  asio::steady_timer wake_;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  bool added_ = false;
  std::array<char, CURL_ERROR_SIZE> words_{};

  std::string output_;  // the piece being sent
  std::size_t sent_ = 0;
  bool wants_output_ = false;
  bool output_ended_ = false;

  std::string input_;  // the piece that waits for the sink
  std::uint64_t received_ = 0;
  std::size_t header_bytes_ = 0;
  bool headers_ended_ = false;
  int paused_ = 0;  // CURLPAUSE_ bits

  HttpResponse response_;
  std::optional<Error> failure_;  // why a callback stopped the transfer
  std::optional<CURLcode> code_;
  Clock::time_point started_ = Clock::now();
  Clock::time_point last_sign_ = started_;
};

/// What a code of curl's means, in our words.
Error curl_error(CURLcode code, const HttpRequest& request, const std::string& what,
                 std::string_view words);
/// Why nothing answers at a unix socket: absent, not a socket, no permission, nobody listens.
Error socket_error(const std::string& path);

}  // namespace dtenv
