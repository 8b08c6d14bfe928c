#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <string>

namespace dtenv {

class CurlLoop;  // net/curl_loop.hpp

/// What hosts need of the session they belong to.
struct HostContext {
  boost::asio::any_io_executor executor;
  CurlLoop* curl = nullptr;  ///< nullptr: no Docker Engine
  std::string folder;        ///< private, 0700, short: sockets and pinned host keys go here
};

}  // namespace dtenv
