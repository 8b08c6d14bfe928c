#pragma once

#include <boost/asio/experimental/channel.hpp>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"

namespace dtenv {

/// Hands pieces of bytes from one task to another and keeps only a few of them: the faster side
/// waits for the slower one.
class BytePipe {
 public:
  BytePipe(const asio::any_io_executor& executor, std::size_t pieces)
      : channel_(executor, pieces) {}

  /// Waits for room; never empty. An error once the other side has gone.
  Task<Result<void>> put(std::string piece);
  /// Waits for a piece; empty at the end. The writer's error, where it ended with one.
  Task<Result<std::string>> take();
  /// The writer is through, well (nullopt) or not; the reader sees it after all pieces.
  Task<Result<void>> end(std::optional<Error> failure);
  /// The reader is through: the writer's next put() is an error.
  void drop();

 private:
  asio::experimental::channel<void(boost::system::error_code, std::string)> channel_;
  std::optional<Error> failure_;
  bool dropped_ = false;
};

}  // namespace dtenv
