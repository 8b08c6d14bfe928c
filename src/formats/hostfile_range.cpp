#include "formats/hostfile_range.hpp"

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

}  // namespace

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
