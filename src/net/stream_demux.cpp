#include "net/stream_demux.hpp"

#include <algorithm>

namespace dtenv {

namespace {

constexpr std::size_t failure_limit = std::size_t{64} << 10;

}  // namespace

Result<void> StreamDemux::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (head_size_ < head_.size()) {
      const std::size_t count = std::min(bytes.size(), head_.size() - head_size_);
      std::copy_n(bytes.begin(), count, head_.begin() + static_cast<std::ptrdiff_t>(head_size_));
      head_size_ += count;
      bytes.remove_prefix(count);
      if (head_size_ == head_.size()) {
        DT_TRY(begin_frame());
      }
      continue;
    }
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left_));
    const std::string_view payload = bytes.substr(0, count);
    if (head_[0] == system_error)
      failure_ += payload.substr(0, failure_limit - std::min(failure_.size(), failure_limit));
    else
      sink_(head_[0] == standard_err ? Stream::err : Stream::out, payload);
    left_ -= count;
    bytes.remove_prefix(count);
    if (left_ == 0) {
      DT_TRY(end_frame());
    }
  }
  return {};
}

Result<void> StreamDemux::begin_frame() {
  const auto byte = [this](std::size_t at) { return static_cast<unsigned char>(head_[at]); };
  if (byte(0) > system_error)
    return Error{Status::io, "unrecognized stream: " + std::to_string(byte(0))};
  left_ = 0;
  for (std::size_t at = 4; at < 8; ++at) left_ = left_ << 8 | byte(at);
  return left_ == 0 ? end_frame() : Result<void>{};
}

Result<void> StreamDemux::end_frame() {
  head_size_ = 0;
  if (head_[0] != system_error) return {};
  return Error{Status::command, "error from daemon in stream: " + visible(failure_, 500)};
}

Result<void> StreamDemux::finish() const {
  if (head_size_ == 0) return {};
  return Error{Status::io, "the stream was cut within a frame"};
}

}  // namespace dtenv
