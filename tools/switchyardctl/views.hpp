// From the admin API's JSON to tables. Pure and tolerant: a list may come bare or wrapped, a missing field shows as "-".
#pragma once

#include "tools/switchyardctl/table.hpp"

#include <boost/json/fwd.hpp>

#include <string>
#include <string_view>

namespace switchyard::ctl {

[[nodiscard]] std::string show_status(const boost::json::value& answer, const table_style& style);
[[nodiscard]] std::string show_nodes(const boost::json::value& answer, const table_style& style);
[[nodiscard]] std::string show_keys(const boost::json::value& answer, const table_style& style);
[[nodiscard]] std::string show_breakers(const boost::json::value& answer, const table_style& style);
[[nodiscard]] std::string show_limits(const boost::json::value& answer, const table_style& style);
[[nodiscard]] std::string show_routes(const boost::json::value& answer, const table_style& style);
[[nodiscard]] std::string show_decisions(const boost::json::value& answer, const table_style& style);
/// One decision of the live stream as a line, columns at fixed places.
[[nodiscard]] std::string show_decision_line(const boost::json::value& decision, const table_style& style);
[[nodiscard]] std::string show_trace(const boost::json::value& decision, const table_style& style);
[[nodiscard]] std::string show_explanation(const boost::json::value& answer, const table_style& style);
[[nodiscard]] std::string show_virtual_keys(const boost::json::value& answer, const table_style& style);
/// The answer itself, indented.
[[nodiscard]] std::string show_members(const boost::json::value& answer, const table_style& style);
[[nodiscard]] std::string show_savings(const boost::json::value& answer, const table_style& style);
[[nodiscard]] std::string show_spend(const boost::json::value& answer, const table_style& style);

/// The message of an error answer ({"error":{"message":...}} or {"error":"..."}); empty when there is none.
[[nodiscard]] std::string error_message_of(std::string_view body);

}  // namespace switchyard::ctl
