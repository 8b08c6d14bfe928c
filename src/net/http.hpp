#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/task.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

namespace dtenv {

/// Gives the next piece of a request body; an empty piece is its end.
using BodySource = std::function<Task<Result<std::string>>()>;
/// Takes a piece of a response body; the view lives until the task ends. An error stops the
/// transfer.
using BodySink = std::function<Task<Result<void>>(std::string_view)>;

/// What may pass between two signs of life. Time spent in the caller's own source or sink does not
/// count, except in `total`.
struct HttpDeadlines {
  Duration connect = std::chrono::seconds(10);
  Duration first_byte = std::chrono::seconds(60);  ///< from the request's end to the reply's head
  Duration idle = std::chrono::seconds(60);        ///< between two pieces, of either direction
  Duration total{0};                               ///< 0: none
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::string unix_socket;  ///< empty: over TCP
  std::string what;         ///< for messages; empty: "METHOD URL" without the query
  Environ headers;
  std::string body;   ///< sent as it is, unless there is a `source`
  BodySource source;  ///< a streamed body, chunked
  BodySink sink;      ///< takes the body of a 2xx reply; others are kept in the response
  HttpDeadlines deadlines;
  std::size_t body_limit = std::size_t{64} << 20;    ///< of a reply that is kept
  std::uint64_t sink_limit = 0;                      ///< of a reply that is streamed; 0: none
  std::size_t header_limit = std::size_t{64} << 10;  ///< of the reply's head
  bool allow_plain = false;                          ///< http:// over TCP, redirects included
  int redirects = 0;
  std::string proxy;    ///< a proxy's URL; the environment's are never used
  std::string ca_file;  ///< empty: the system's
};

struct HttpResponse {
  int status = 0;
  Environ headers;  ///< names in lower case
  std::string body;

  /// The first header of that (lower-case) name, or empty.
  std::string header(std::string_view name) const;
};

/// A task that is over already: for sources and sinks that need not wait.
template <class T>
Task<Result<T>> finished(Result<T> result) {
  co_return result;
}

}  // namespace dtenv
