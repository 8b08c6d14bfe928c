#pragma once

#include <cstddef>
#include <string_view>

namespace dtenv {

/// One token of an Open MPI 4.1 hostfile, as its flex rules cut it.
struct OpenMpiToken {
  enum class Kind {
    newline,  ///< also where a /* comment begins and ends
    end,      ///< the end of the file
    equal,    ///< =
    integer,  ///< digits alone
    string,   ///< letters, digits, _ - , : * @
    dotted,   ///< a host name or address with a dot in it
    keyword,  ///< slots, max_slots, port, username, … (lower case, exact)
    quoted,
    error,  ///< a byte no rule takes
  };
  Kind kind = Kind::end;
  std::string_view text;
  int line = 1;
  std::size_t column = 1;
};

/// Cuts a text into tokens, one call a token; after the last one comes `end` for good.
class OpenMpiLexer {
 public:
  explicit OpenMpiLexer(std::string_view text) : text_(text) {}
  OpenMpiToken next();

 private:
  OpenMpiToken take(OpenMpiToken::Kind kind, std::size_t length);
  OpenMpiToken comment_to_end_of_line();
  OpenMpiToken inside_comment();
  OpenMpiToken word();
  bool sees(std::string_view part) const { return text_.substr(at_, part.size()) == part; }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
  int line_ = 1;
  bool in_comment_ = false;
};

}  // namespace dtenv
