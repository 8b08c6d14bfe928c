#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "base/text.hpp"

namespace dtenv {

/// A unix socket each of whose connections is the standard input and output of a new child.
class SocketRelay {
 public:
  /// Binds `path`, 0600 by its folder; `program` is all of the child's argv.
  static Result<std::unique_ptr<SocketRelay>> start(boost::asio::any_io_executor executor,
                                                    const std::string& path, Argv program);
  ~SocketRelay();
  SocketRelay(const SocketRelay&) = delete;
  SocketRelay& operator=(const SocketRelay&) = delete;

 private:
  struct Listener;
  static Task<void> accept_all(std::shared_ptr<Listener> listener);
  explicit SocketRelay(std::shared_ptr<Listener> listener);
  std::shared_ptr<Listener> listener_;  // shared with the coroutine that accepts
};

}  // namespace dtenv
