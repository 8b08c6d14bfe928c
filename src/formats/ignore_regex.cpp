#include "formats/ignore_regex.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "formats/utf8_point.hpp"

namespace dtenv {

namespace {

constexpr std::uint32_t last_point = 0x10FFFF;

bool is_alnum(std::uint32_t point) {
  return (point >= '0' && point <= '9') || (point >= 'a' && point <= 'z') ||
         (point >= 'A' && point <= 'Z');
}

/// \d \s \w and, inside brackets, [:alpha:] and its kin.
bool add_named(IgnoreRegex::Set& set, std::string_view name) {
  if (name == "d" || name == "digit") {
    set.add('0', '9');
  } else if (name == "s") {
    set.add('\t', '\n');
    set.add('\f', '\r');
    set.add(' ', ' ');
  } else if (name == "w" || name == "word") {
    set.add('0', '9');
    set.add('A', 'Z');
    set.add('_', '_');
    set.add('a', 'z');
  } else if (name == "alnum") {
    set.add('0', '9');
    set.add('A', 'Z');
    set.add('a', 'z');
  } else if (name == "alpha") {
    set.add('A', 'Z');
    set.add('a', 'z');
  } else if (name == "lower") {
    set.add('a', 'z');
  } else if (name == "upper") {
    set.add('A', 'Z');
  } else if (name == "space") {
    set.add('\t', '\r');
    set.add(' ', ' ');
  } else if (name == "blank") {
    set.add('\t', '\t');
    set.add(' ', ' ');
  } else if (name == "punct") {
    set.add('!', '/');
    set.add(':', '@');
    set.add('[', '`');
    set.add('{', '~');
  } else if (name == "xdigit") {
    set.add('0', '9');
    set.add('A', 'F');
    set.add('a', 'f');
  } else if (name == "print") {
    set.add(' ', '~');
  } else if (name == "graph") {
    set.add('!', '~');
  } else if (name == "cntrl") {
    set.add(0, 0x1F);
    set.add(0x7F, 0x7F);
  } else if (name == "ascii") {
    set.add(0, 0x7F);
  } else {
    return false;
  }
  return true;
}

/// The same characters the other way round: \D in a class.
void add_complement(IgnoreRegex::Set& set, const IgnoreRegex::Set& of) {
  std::uint32_t next = 0;
  for (const auto& [low, high] : of.ranges) {
    if (low > next) set.add(next, low - 1);
    next = high + 1;
  }
  set.add(next, last_point);
}

}  // namespace

bool IgnoreRegex::Set::has(std::uint32_t point) const {
  const bool inside = std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
    return point >= range.first && point <= range.second;
  });
  return inside != negated;
}

class IgnoreRegex::Compiler {
 public:
  explicit Compiler(std::string_view text) : text_(text) {}

  std::optional<std::vector<Step>> compile() {
    while (at_ < text_.size()) {
      if (starts_with(rest(), "(.*/)?")) {
        at_ += 6;
        steps_.push_back({Kind::fork, {}});
        steps_.push_back({Kind::loop, any()});
        steps_.push_back({Kind::take, single('/')});
        continue;
      }
      Step step;
      if (!atom(step)) return std::nullopt;
      if (step.kind == Kind::take && starts_with(rest(), "*")) {
        ++at_;
        step.kind = Kind::loop;
      }
      steps_.push_back(std::move(step));
    }
    return std::move(steps_);
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }
  static Set single(std::uint32_t point) { return {false, {{point, point}}}; }
  /// "." is any character but a line end.
  static Set any() { return {true, {{'\n', '\n'}}}; }

  bool atom(Step& step) {
    if (text_[at_] == '[') {
      ++at_;
      return bracket(step.set);
    }
    if (text_[at_] == '\\') return escape_set(step.set) || escape_single(step.set);
    const std::uint32_t point = next_point(text_, at_);
    if (point == '*' || point == '?' || point == '(' || point == ')') return false;
    if (point == '^') step.kind = Kind::begin;
    step.set = point == '.' ? any() : single(point);
    return true;
  }

  /// \d, \W…: moves on only where it is one.
  bool escape_set(Set& set) {
    if (at_ + 1 >= text_.size()) return false;
    const std::string name = lower(text_.substr(at_ + 1, 1));
    if (name != "d" && name != "s" && name != "w") return false;
    Set named;
    add_named(named, name);
    if (text_[at_ + 1] == name[0])
      set.ranges.insert(set.ranges.end(), named.ranges.begin(), named.ranges.end());
    else
      add_complement(set, named);
    at_ += 2;
    return true;
  }

  bool escape_single(Set& set) {
    const auto point = character();
    if (point) set.add(*point, *point);
    return point.has_value();
  }

  /// One character, escaped or not.
  std::optional<std::uint32_t> character() {
    if (at_ >= text_.size()) return std::nullopt;
    if (text_[at_] != '\\') return next_point(text_, at_);
    if (++at_ >= text_.size()) return std::nullopt;
    const std::uint32_t point = next_point(text_, at_);
    constexpr std::string_view letters = "afnrtv";
    constexpr std::string_view meant = "\a\f\n\r\t\v";
    const std::size_t found =
        point < 0x80 ? letters.find(static_cast<char>(point)) : std::string_view::npos;
    if (found != std::string_view::npos) return static_cast<unsigned char>(meant[found]);
    if (point < 0x80 && !is_alnum(point)) return point;
    return std::nullopt;
  }

  bool bracket(Set& set) {
    if (starts_with(rest(), "^")) {
      set.negated = true;
      ++at_;
    }
    for (bool first = true; first || !starts_with(rest(), "]"); first = false) {
      if (at_ >= text_.size()) return false;
      const std::size_t end =
          starts_with(rest(), "[:") ? text_.find(":]", at_ + 2) : std::string_view::npos;
      if (end != std::string_view::npos) {
        if (!add_named(set, text_.substr(at_ + 2, end - at_ - 2))) return false;
        at_ = end + 2;
        continue;
      }
      if (text_[at_] == '\\' && escape_set(set)) continue;
      const auto low = character();
      if (!low) return false;
      std::optional<std::uint32_t> high = low;
      if (rest().size() >= 2 && rest()[0] == '-' && rest()[1] != ']') {
        ++at_;
        high = character();
      }
      if (!high || *high < *low) return false;
      set.add(*low, *high);
    }
    ++at_;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Step> steps_;
};

Result<IgnoreRegex> IgnoreRegex::compile(std::string_view expression) {
  auto steps = Compiler(expression).compile();
  if (!steps) return Error{Status::config, "syntax error in pattern"};
  IgnoreRegex regex;
  regex.steps_ = std::move(*steps);
  return regex;
}

/// Adds a state and all that is reached from it without a character.
void IgnoreRegex::enter(std::vector<char>& states, std::size_t at, bool begin) const {
  while (states[at] == 0) {
    states[at] = 1;
    if (at == steps_.size()) return;
    const Kind kind = steps_[at].kind;
    if (kind == Kind::fork) enter(states, at + 3, begin);
    if (kind == Kind::take || (kind == Kind::begin && !begin)) return;
    ++at;
  }
}

bool IgnoreRegex::run(std::string_view path, bool folders) const {
  std::vector<char> states(steps_.size() + 1, 0);
  enter(states, 0, true);
  for (std::size_t at = 0; at < path.size();) {
    if (folders && path[at] == '/' && states.back() != 0) return true;
    const std::uint32_t point = next_point(path, at);
    std::vector<char> next(states.size(), 0);
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const Step& step = steps_[i];
      if (states[i] == 0 || !step.set.has(point)) continue;
      if (step.kind == Kind::take) enter(next, i + 1, false);
      if (step.kind == Kind::loop) enter(next, i, false);
    }
    states.swap(next);
  }
  return states.back() != 0;
}

}  // namespace dtenv
