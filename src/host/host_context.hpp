#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

namespace dtenv {

class CurlLoop;    // net/curl_loop.hpp
class DiskThread;  // host/disk_thread.hpp
class SshClient;   // host/ssh_client.hpp

/// What hosts need of the session they belong to.
struct HostContext {
  boost::asio::any_io_executor executor;
  CurlLoop* curl = nullptr;  ///< nullptr: no Docker Engine
  std::string folder;        ///< private, 0700, short: sockets and pinned host keys go here
  std::shared_ptr<SshClient> ssh_client = {};  ///< null: connections are made as ssh alone would
  DiskThread* disk = nullptr;  ///< nullptr: this machine's files are touched on the loop
};

}  // namespace dtenv
