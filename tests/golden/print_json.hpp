#pragma once

#include <boost/json.hpp>
#include <ostream>
#include <string>

/// JSON with two blanks of indent: what DTENV_ACCEPT writes is read by people.
inline void print_json(std::ostream& out, const boost::json::value& value,
                       const std::string& indent = "") {
  namespace json = boost::json;
  if (value.is_object() && !value.get_object().empty()) {
    const char* separator = "{\n";
    for (const auto& item : value.get_object()) {
      out << separator << indent << "  " << json::serialize(item.key()) << ": ";
      print_json(out, item.value(), indent + "  ");
      separator = ",\n";
    }
    out << "\n" << indent << "}";
  } else if (value.is_array() && json::serialize(value).size() > 80) {
    const char* separator = "[\n";
    for (const auto& item : value.get_array()) {
      out << separator << indent << "  ";
      print_json(out, item, indent + "  ");
      separator = ",\n";
    }
    out << "\n" << indent << "]";
  } else {
    out << json::serialize(value);
  }
}
