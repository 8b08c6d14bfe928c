#include "formats/hostfile_range.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace dtenv {

namespace {

Error bad(std::string_view text, std::string_view why) {
  return {Status::config, "range \"" + visible(text) + "\": " + std::string(why)};
}

std::string padded(std::int64_t number, std::size_t width) {
  std::string digits = std::to_string(number);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return digits;
}

/// One of `07` and `01-03`, as numbers with their width.
Result<void> expand_part(std::string_view text, std::string_view part, std::size_t limit,
                         std::vector<std::string>& numbers) {
  const std::size_t dash = part.find('-');
  const std::string_view first = part.substr(0, dash);
  const std::string_view last = dash == std::string_view::npos ? first : part.substr(dash + 1);
  const auto low = parse_integer(first, 0, 999999999);
  const auto high = parse_integer(last, 0, 999999999);
  if (!low || !high) return bad(text, "numbers like [01-03,07] expected");
  if (*high < *low) return bad(text, std::string(part) + " runs backwards");
  if (first.size() > last.size()) return bad(text, std::string(part) + " changes its width");
  if (numbers.size() + static_cast<std::size_t>(*high - *low) >= limit)
    return bad(text, "more than " + std::to_string(limit) + " names");
  for (std::int64_t number = *low; number <= *high; ++number)
    numbers.push_back(padded(number, first.size()));
  return {};
}

/// strtoul() takes blanks and a sign in front.
std::optional<std::int64_t> slurm_number(std::string_view digits) {
  digits.remove_prefix(std::min(digits.find_first_not_of(" \t\r\n\v\f"), digits.size()));
  if (starts_with(digits, "+")) digits.remove_prefix(1);
  return parse_integer(digits, 0, 999999999);
}

Result<std::vector<std::string>> expand_slurm_numbers(std::string_view text,
                                                      std::string_view list) {
  constexpr std::int64_t max_numbers = 65536;
  std::vector<std::string> numbers;
  for (const std::string& part : split(list, ',')) {
    const std::size_t dash = part.find('-');
    const std::string first = part.substr(0, dash);
    const auto low = slurm_number(first);
    const auto high =
        dash == std::string::npos ? low : slurm_number(std::string_view(part).substr(dash + 1));
    if (!low || !high || *high < *low) return bad(text, "\"" + part + "\" is no range to Slurm");
    if (*high - *low >= max_numbers) return bad(text, "more than 65536 nodes in " + part);
    for (std::int64_t number = *low; number <= *high; ++number)
      numbers.push_back(padded(number, first.size()));
  }
  return numbers;
}

/// A name's last digits (nine at most), and what stands before them.
struct NumberedName {
  std::string_view prefix, digits;

  explicit NumberedName(std::string_view name) {
    std::size_t at = name.size();
    while (at > 0 && name.size() - at < 9 && name[at - 1] >= '0' && name[at - 1] <= '9') --at;
    prefix = name.substr(0, at);
    digits = name.substr(at);
  }
  /// `next` is the number after this one, as a range beginning with `first` writes it.
  bool precedes(const NumberedName& next, std::size_t width) const {
    const auto number = parse_integer(digits, 0, 999999999);
    return number && next.prefix == prefix && next.digits == padded(*number + 1, width);
  }
};

}  // namespace

std::string fold_host_ranges(const std::vector<std::string_view>& names) {
  std::string text;
  for (std::size_t at = 0; at < names.size();) {
    const NumberedName first(names[at]);
    std::string ranges;
    std::size_t end = at;
    while (end < names.size() && !first.prefix.empty() && !first.digits.empty()) {
      const NumberedName low(names[end]);
      if (low.prefix != first.prefix || low.digits.empty()) break;
      std::size_t high = end;
      while (high + 1 < names.size() && high - end < 65535 &&
             NumberedName(names[high]).precedes(NumberedName(names[high + 1]), low.digits.size()))
        ++high;
      if (!ranges.empty()) ranges += ',';
      ranges += low.digits;
      if (high > end) ranges.append("-").append(NumberedName(names[high]).digits);
      end = high + 1;
    }
    if (!text.empty()) text += ',';
    if (end > at + 1)
      text.append(first.prefix).append("[" + ranges + "]");
    else
      text += names[at];
    at = std::max(end, at + 1);
  }
  return text;
}

Result<std::vector<std::string>> expand_slurm_ranges(std::string_view text) {
  std::vector<std::string> names = {""};
  if (text.find('[') == std::string_view::npos) return std::vector<std::string>{std::string(text)};
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t open = rest.find('[');
    if (open == std::string_view::npos)
      return bad(text, "Slurm takes nothing behind the last \"]\"");
    const std::size_t close = rest.find(']', open);
    if (close == std::string_view::npos) return bad(text, "no \"]\"");
    DT_TRY_ASSIGN(const auto numbers,
                  expand_slurm_numbers(text, rest.substr(open + 1, close - open - 1)));
    if (names.size() * numbers.size() > 100001) return bad(text, "more than 100000 names");
    std::vector<std::string> longer;
    for (const std::string& name : names)
      for (const std::string& number : numbers)
        longer.push_back(name + std::string(rest.substr(0, open)) + number);
    names = std::move(longer);
    rest.remove_prefix(close + 1);
  }
  return names;
}

Result<std::vector<std::string>> expand_host_range(std::string_view text, std::size_t limit) {
  const std::size_t open = text.find('[');
  if (open == std::string_view::npos) return std::vector<std::string>{std::string(text)};
  const std::size_t close = text.find(']', open);
  if (close == std::string_view::npos) return bad(text, "no \"]\"");
  if (text.find_first_of("[]", close + 1) != std::string_view::npos)
    return bad(text, "one pair of brackets expected");
  std::vector<std::string> names;
  for (const std::string& part : split(text.substr(open + 1, close - open - 1), ',')) {
    DT_TRY(expand_part(text, part, limit, names));
  }
  for (std::string& name : names)
    name = std::string(text.substr(0, open)) + name + std::string(text.substr(close + 1));
  return names;
}

}  // namespace dtenv
