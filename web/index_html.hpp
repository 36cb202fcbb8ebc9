// The dashboard's page, as the admin port serves it at `/`.
#pragma once

#include <string>
#include <string_view>

namespace switchyard {

/// web/index.html, byte for byte; send it as `text/html; charset=utf-8`.
extern const std::string_view web_index_html;

/// The page's Content-Security-Policy: its own inline script and style by hash, its own origin for data, nothing else.
[[nodiscard]] const std::string& web_index_content_policy();

}  // namespace switchyard
