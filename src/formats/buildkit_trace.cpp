#include "formats/buildkit_trace.hpp"

namespace dtenv {
namespace {

/// One field of a protobuf message: a number or bytes, by its wire type.
struct Field {
  std::uint64_t number = 0;
  std::uint64_t value = 0;
  std::string_view bytes;
};

/// Walks over a message's fields; false at its end or where it is broken.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : rest_(bytes) {}

  bool next(Field& field) {
    if (rest_.empty() || broken_) return false;
    std::uint64_t key = 0;
    if (!take_varint(key)) return false;
    field = {key >> 3, 0, {}};
    switch (key & 7) {
      case 0:
        return take_varint(field.value);
      case 1:
        return take_bytes(8, field.bytes);
      case 2: {
        std::uint64_t size = 0;
        return take_varint(size) && take_bytes(size, field.bytes);
      }
      case 5:
        return take_bytes(4, field.bytes);
      default:
        broken_ = true;
        return false;  // groups are long gone
    }
  }
  bool broken() const { return broken_; }

 private:
  bool take_varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return true;
    }
    broken_ = true;
    return false;
  }

  bool take_bytes(std::uint64_t size, std::string_view& bytes) {
    if (size > rest_.size()) {
      broken_ = true;
      return false;
    }
    bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  std::string_view rest_;
  bool broken_ = false;
};

bool read_vertex(std::string_view bytes, TraceVertex& out) {
  FieldReader reader(bytes);
  Field field;
  while (reader.next(field)) {
    if (field.number == 1) out.digest = std::string(field.bytes);
    if (field.number == 3) out.name = std::string(field.bytes);
    if (field.number == 4) out.cached = field.value != 0;
    if (field.number == 5) out.started = true;
    if (field.number == 6) out.completed = true;
    if (field.number == 7) out.error = std::string(field.bytes);
  }
  return !reader.broken();
}

bool read_status(std::string_view bytes, TraceStatus& out) {
  FieldReader reader(bytes);
  Field field;
  while (reader.next(field)) {
    if (field.number == 1) out.id = std::string(field.bytes);
    if (field.number == 2) out.vertex = std::string(field.bytes);
    if (field.number == 4) out.current = static_cast<std::int64_t>(field.value);
    if (field.number == 5) out.total = static_cast<std::int64_t>(field.value);
  }
  return !reader.broken();
}

bool read_log(std::string_view bytes, TraceLog& out) {
  FieldReader reader(bytes);
  Field field;
  while (reader.next(field)) {
    if (field.number == 1) out.vertex = std::string(field.bytes);
    if (field.number == 3) out.stream = static_cast<std::int64_t>(field.value);
    if (field.number == 4) out.text = std::string(field.bytes);
  }
  return !reader.broken();
}

bool read_warning(std::string_view bytes, std::string& out) {
  FieldReader reader(bytes);
  Field field;
  while (reader.next(field))
    if (field.number == 3) out = std::string(field.bytes);
  return !reader.broken();
}

template <class T>
bool append(std::string_view bytes, std::vector<T>& list, bool (*read)(std::string_view, T&)) {
  return read(bytes, list.emplace_back());
}

}  // namespace

Result<BuildTrace> parse_buildkit_trace(std::string_view bytes) {
  BuildTrace trace;
  FieldReader reader(bytes);
  Field field;
  bool sound = true;
  while (sound && reader.next(field)) {
    if (field.number == 1) sound = append(field.bytes, trace.vertices, read_vertex);
    if (field.number == 2) sound = append(field.bytes, trace.statuses, read_status);
    if (field.number == 3) sound = append(field.bytes, trace.logs, read_log);
    if (field.number == 4) sound = append(field.bytes, trace.warnings, read_warning);
  }
  if (!sound || reader.broken())
    return Error{Status::io, "BuildKit's progress: not a StatusResponse"};
  return trace;
}

}  // namespace dtenv
