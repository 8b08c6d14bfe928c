#include "base/units.hpp"

#include <cmath>
#include <cstdio>

#include "base/text.hpp"

namespace dtenv {

namespace {

std::size_t digits_end(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return at;
}

/// The power of 1024 a unit stands for, -1 where it is none of docker's.
int size_power(std::string_view unit) {
  const std::string word = lower(unit);
  if (word.empty() || word == "b") return 0;
  constexpr std::string_view letters = "kmgtp";
  const std::size_t power = letters.find(word[0]);
  const std::string_view rest = std::string_view(word).substr(1);
  if (power == std::string_view::npos || !(rest.empty() || rest == "b" || rest == "ib")) return -1;
  return static_cast<int>(power) + 1;
}

Error size_error(std::string_view text) {
  return {Status::config, "\"" + visible(text) + "\" is not a size (such as 16gb, 512m, 1.5g)"};
}

}  // namespace

Result<std::int64_t> parse_size(std::string_view text) {
  std::size_t end = digits_end(text, 0);
  if (end == 0) return size_error(text);
  if (end < text.size() && text[end] == '.') {
    const std::size_t fraction = digits_end(text, end + 1);
    if (fraction == end + 1) return size_error(text);
    end = fraction;
  }
  std::string_view unit = text.substr(end);
  if (!unit.empty() && unit[0] == ' ') unit.remove_prefix(1);
  const int power = size_power(unit);
  if (power < 0 || end > 30) return size_error(text);
  long double value = 0;
  long double scale = 1;
  bool fraction = false;
  for (const char c : text.substr(0, end)) {
    if (c == '.') {
      fraction = true;
      continue;
    }
    value = value * 10 + (c - '0');
    if (fraction) scale *= 10;
  }
  value = value / scale * std::pow(1024.0L, power);
  if (value >= 9223372036854775807.0L)
    return Error{Status::config, "\"" + visible(text) + "\" is more than 8 EiB"};
  return static_cast<std::int64_t>(value);
}

Result<Duration> parse_duration(std::string_view text) {
  const Error bad(Status::config,
                  "\"" + visible(text) + "\" is not a time (such as 250ms, 30s, 10m, 1h30m)");
  constexpr std::int64_t limit = std::int64_t{366} * 24 * 3600 * 1000;
  std::int64_t total = 0;
  std::size_t at = 0;
  if (text.empty()) return bad;
  while (at < text.size()) {
    const std::size_t end = digits_end(text, at);
    const auto number = parse_integer(text.substr(at, end - at), 0, limit);
    if (!number) return bad;
    const std::size_t unit_end = std::min(text.find_first_of("0123456789", end), text.size());
    const std::string_view unit = text.substr(end, unit_end - end);
    const std::int64_t factor = unit == "ms"  ? 1
                                : unit == "s" ? 1000
                                : unit == "m" ? 60'000
                                : unit == "h" ? 3'600'000
                                : unit == "d" ? 86'400'000
                                              : 0;
    if (factor == 0) return bad;
    if (*number > (limit - total) / factor)
      return Error{Status::config, "\"" + visible(text) + "\" is more than 366 days"};
    total += *number * factor;
    at = unit_end;
  }
  return Duration(total);
}

std::string show_size(std::int64_t bytes) {
  constexpr std::string_view units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(units)) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 || value >= 100 ? "%.0f" : "%.1f", value);
  return std::string(text) + " " + std::string(units[unit]);
}

std::string show_duration(Duration duration) {
  const auto total = duration.count();
  if (total < 1000) return std::to_string(total) + " ms";
  if (total < 60'000) {
    const auto tenths = total % 1000 / 100;
    return std::to_string(total / 1000) + (tenths > 0 ? "." + std::to_string(tenths) : "") + " s";
  }
  const auto seconds = total / 1000;
  if (seconds < 3600)
    return std::to_string(seconds / 60) + " min" +
           (seconds % 60 > 0 ? " " + std::to_string(seconds % 60) + " s" : "");
  return std::to_string(seconds / 3600) + " h" +
         (seconds % 3600 >= 60 ? " " + std::to_string(seconds % 3600 / 60) + " min" : "");
}

}  // namespace dtenv
