#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/short_copy.hpp"

namespace dtenv {

/// Puts a long text together of many short pieces, 100,000 hosts say: by way of a small buffer,
/// since appending to a string costs more for each piece than the piece itself.
class TextWriter {
 public:
  explicit TextWriter(std::size_t expected) { text_.reserve(expected); }

  [[gnu::always_inline]] TextWriter& put(std::string_view piece) {
    if (piece.size() > sizeof buffer_ - used_) return put_large(piece);
    short_copy(buffer_ + used_, piece.data(), piece.size());
    used_ += piece.size();
    return *this;
  }
  [[gnu::always_inline]] TextWriter& put(std::int64_t number) {
    if (number < 0 || number > 9 || used_ == sizeof buffer_) return put_number(number);
    buffer_[used_++] = static_cast<char>('0' + number);
    return *this;
  }
  /// The whole of it; the writer is empty then.
  std::string take() {
    flush();
    return std::move(text_);
  }

 private:
  static constexpr std::size_t longest_number = 20;

  TextWriter& put_number(std::int64_t number) {
    if (sizeof buffer_ - used_ < longest_number) flush();
    char* const at = buffer_ + used_;
    used_ += static_cast<std::size_t>(std::to_chars(at, at + longest_number, number).ptr - at);
    return *this;
  }
  [[gnu::noinline]] TextWriter& put_large(std::string_view piece) {
    flush();
    text_.append(piece);
    return *this;
  }
  void flush() {
    text_.append(buffer_, used_);
    used_ = 0;
  }

  std::string text_;
  std::size_t used_ = 0;
  char buffer_[4096];
};

}  // namespace dtenv
