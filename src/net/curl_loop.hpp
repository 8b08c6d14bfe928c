#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "net/http.hpp"

namespace dtenv {

class CurlCore;  // net/curl_core.hpp

/// libcurl on the session's loop: every exchange is a coroutine, no thread waits. A handle: copies
/// share one multi interface, which lives until the last exchange has ended.
class CurlLoop {
 public:
  explicit CurlLoop(asio::any_io_executor executor);

  /// One exchange. Any status the server gives is a response; errors are what kept it from coming.
  /// Cancelling the coroutine drops the connection.
  Task<Result<HttpResponse>> perform(HttpRequest request);

 private:
  std::shared_ptr<CurlCore> core_;
};

}  // namespace dtenv
