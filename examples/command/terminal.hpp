#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "event.hpp"

namespace command {

/// What stderr is: how wide, how high, whether it takes colours and a redrawn region.
class Terminal {
 public:
  /// `no_color` from the command line; NO_COLOR and TERM=dumb count too.
  explicit Terminal(bool no_color);

  bool is_live() const { return live_; }  ///< a terminal that can be redrawn
  std::size_t width() const;              ///< asked each time: windows are resized
  std::size_t height() const;
  /// The text in the tone's colour, where colours are wanted.
  std::string painted(std::string_view text, Tone tone) const;

 private:
  bool live_;
  bool color_;
};

/// The first `columns` columns of UTF-8 text, with `…` where something was cut off; wide characters
/// count as two columns.
std::string fitted(std::string_view text, std::size_t columns);

/// The text with blanks behind it, `columns` wide.
std::string padded_columns(std::string_view text, std::size_t columns);

/// Columns a terminal gives the text.
std::size_t columns_of(std::string_view text);

}  // namespace command
