#include "net/curl_transfer.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <cstring>

namespace dtenv {

namespace {

curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// The URL without user, password and query: those may be secrets.
std::string public_url(const std::string& url) {
  std::string shown = url.substr(0, url.find_first_of("?#"));
  const auto scheme = shown.find("://");
  if (scheme == std::string::npos) return shown;
  const auto host = scheme + 3;
  const auto at = shown.rfind('@', shown.find('/', host));
  if (at != std::string::npos && at > host) shown.erase(host, at + 1 - host);
  return visible(shown, 200);
}

}  // namespace

CurlTransfer::CurlTransfer(std::shared_ptr<CurlCore> core, const HttpRequest& request)
    : core_(std::move(core)),
      request_(request),
      what_(request.what.empty() ? request.method + ' ' + public_url(request.url) : request.what),
      wake_(core_->executor()) {}

CurlTransfer::~CurlTransfer() {
  if (added_) core_->remove(easy_);
  if (easy_ != nullptr) curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
}

Result<void> CurlTransfer::start() {
  easy_ = curl_easy_init();
  if (easy_ == nullptr) return Error{Status::nomem, what_ + ": no memory for the exchange"};
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, static_cast<CurlClient*>(this));
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, words_.data());
  curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  curl_easy_setopt(easy_, CURLOPT_READFUNCTION, &CurlTransfer::on_read);
  curl_easy_setopt(easy_, CURLOPT_READDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &CurlTransfer::on_write);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  set_transport();
  set_method();
  if (const auto code = core_->add(easy_); code != CURLM_OK)
    return Error{Status::internal, what_ + ": " + curl_multi_strerror(code)};
  added_ = true;
  return {};
}

void CurlTransfer::set_transport() {
  const auto connect = static_cast<long>(request_.deadlines.connect.count());
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, std::max(connect, 1L));
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, 256L << 10);
  curl_easy_setopt(easy_, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
  curl_easy_setopt(easy_, CURLOPT_PROXY, request_.proxy.c_str());
  if (request_.proxy.empty()) curl_easy_setopt(easy_, CURLOPT_NOPROXY, "*");
  if (!request_.unix_socket.empty()) {
    curl_easy_setopt(easy_, CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.c_str());
    curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    // A kept connection may be dead, and curl would send the same POST a second time.
    curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy_, CURLOPT_FORBID_REUSE, 1L);
    return;
  }
  const char* protocols = request_.allow_plain ? "http,https" : "https";
  const bool plain = request_.url.rfind("http://", 0) == 0;
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, protocols);
  curl_easy_setopt(easy_, CURLOPT_REDIR_PROTOCOLS_STR, plain ? protocols : "https");
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, request_.redirects > 0 ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_MAXREDIRS, static_cast<long>(request_.redirects));
  curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!request_.ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, request_.ca_file.c_str());
}

void CurlTransfer::set_method() {
  const auto add = [this](const std::string& line) {
    if (auto* longer = curl_slist_append(headers_, line.c_str())) headers_ = longer;
  };
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
  } else if (request_.source) {
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    add("Transfer-Encoding: chunked");
  } else if (request_.method == "POST" || !request_.body.empty()) {
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.data());
  }
  if (request_.method != "HEAD")
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  add("Expect:");  // no waiting for a "100 Continue"
  bool typed = false;
  for (const auto& [name, value] : request_.headers) {
    add(value.empty() ? name + ';' : name + ": " + value);
    typed = typed || lower(name) == "content-type";
  }
  if (!typed) add("Content-Type:");  // curl's own would be that of a web form
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
}

std::size_t CurlTransfer::on_read(char* buffer, std::size_t size, std::size_t count, void* self) {
  return static_cast<CurlTransfer*>(self)->fill(buffer, size * count);
}

std::size_t CurlTransfer::fill(char* buffer, std::size_t room) {
  touch();
  if (sent_ < output_.size()) {
    const std::size_t count = std::min(room, output_.size() - sent_);
    std::memcpy(buffer, output_.data() + sent_, count);
    sent_ += count;
    return count;
  }
  if (output_ended_) return 0;
  wants_output_ = true;
  paused_ |= CURLPAUSE_SEND;
  wake_.cancel();
  return CURL_READFUNC_PAUSE;
}

void CurlTransfer::give_output(std::string piece) {
  wants_output_ = false;
  output_ended_ = piece.empty();
  output_ = std::move(piece);
  sent_ = 0;
  unpause(CURLPAUSE_SEND);
}

std::size_t CurlTransfer::on_write(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<CurlTransfer*>(self)->take({data, size * count});
}

std::size_t CurlTransfer::take(std::string_view data) {
  touch();
  const bool streamed = request_.sink && response_.status >= 200 && response_.status < 300;
  if (!streamed) {
    if (response_.body.size() + data.size() > request_.body_limit) {
      fail("the reply is longer than " + show_size(static_cast<std::int64_t>(request_.body_limit)));
      return 0;
    }
    response_.body += data;
    return data.size();
  }
  if (!input_.empty()) {
    paused_ |= CURLPAUSE_RECV;
    return CURL_WRITEFUNC_PAUSE;
  }
  received_ += data.size();
  if (request_.sink_limit != 0 && received_ > request_.sink_limit) {
    fail("the reply is longer than " + show_size(static_cast<std::int64_t>(request_.sink_limit)));
    return 0;
  }
  input_ = data;
  wake_.cancel();
  return data.size();
}

std::string CurlTransfer::take_input() {
  return std::exchange(input_, {});
}

void CurlTransfer::resume_input() {
  if ((paused_ & CURLPAUSE_RECV) != 0 && !is_done()) unpause(CURLPAUSE_RECV);
}

void CurlTransfer::unpause(int direction) {
  paused_ &= ~direction;
  curl_easy_pause(easy_, paused_);
}

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<CurlTransfer*>(self)->take_header({data, size * count});
}

std::size_t CurlTransfer::take_header(std::string_view line) {
  touch();
  header_bytes_ += line.size();
  if (header_bytes_ > request_.header_limit) {
    fail("the reply's head is longer than " +
         show_size(static_cast<std::int64_t>(request_.header_limit)));
    return 0;
  }
  const std::string_view text = line.substr(0, line.find_last_not_of("\r\n") + 1);
  if (starts_with(text, "HTTP/")) {  // again after a 100 Continue or a redirect
    response_ = {};
    headers_ended_ = false;
    const auto words = split_words(text);
    if (words.size() > 1)
      response_.status = static_cast<int>(parse_integer(words[1], 0, 999).value_or(0));
  } else if (text.empty()) {
    headers_ended_ = response_.status >= 200;
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    response_.headers.emplace_back(lower(text.substr(0, colon)),
                                   std::string(trim(text.substr(colon + 1))));
  }
  return line.size();
}

void CurlTransfer::fail(std::string problem) {
  failure_ = Error{Status::io, what_ + ": " + std::move(problem)};
}

void CurlTransfer::done(CURLcode code) {
  code_ = code;
  wake_.cancel();
}

CurlTransfer::Clock::time_point CurlTransfer::deadline() const {
  const auto& limits = request_.deadlines;
  auto when = last_sign_ + (headers_ended_ ? limits.idle : limits.first_byte);
  if (limits.total.count() > 0) when = std::min(when, started_ + limits.total);
  return when;
}

Task<void> CurlTransfer::wait() {
  wake_.expires_at(deadline());
  co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
}

Task<void> CurlTransfer::until_done() {
  while (!is_done()) {
    const bool bounded = request_.deadlines.total.count() > 0;
    if (bounded && Clock::now() >= started_ + request_.deadlines.total) co_return;
    wake_.expires_at(bounded ? started_ + request_.deadlines.total : Clock::time_point::max());
    co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

std::optional<Error> CurlTransfer::overdue() const {
  const auto now = Clock::now();
  const auto& limits = request_.deadlines;
  if (now < deadline()) return std::nullopt;
  if (limits.total.count() > 0 && now >= started_ + limits.total)
    return Error{Status::timeout, what_ + ": no end after " + show_duration(limits.total)};
  if (headers_ended_)
    return Error{Status::timeout, what_ + ": no byte for " + show_duration(limits.idle)};
  return Error{Status::timeout, what_ + ": no reply for " + show_duration(limits.first_byte)};
}

Result<HttpResponse> CurlTransfer::result() {
  if (failure_) return *failure_;
  if (*code_ != CURLE_OK) return curl_error(*code_, request_, what_, words_.data());
  return std::move(response_);
}

}  // namespace dtenv
