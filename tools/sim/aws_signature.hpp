// AWS Signature Version 4, from the service's side: reads an Authorization header and computes what its signature must be.
//
//   Authorization: AWS4-HMAC-SHA256 Credential=ACCESS/DATE/REGION/SERVICE/aws4_request, SignedHeaders=a;b, Signature=HEX
//   canonical request = method \n path, encoded once more \n sorted query \n name:value\n of each signed header \n names \n sha256(body)
//   string to sign    = "AWS4-HMAC-SHA256" \n x-amz-date \n scope \n sha256(canonical request)
//   key               = HMAC chain over date, region, service and "aws4_request", begun with "AWS4" + secret
#pragma once

#include "tools/sim/reply.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace switchyard::sim {

struct aws_authorization {
  std::string_view access_key;
  std::string_view date;             ///< YYYYMMDD
  std::string_view region;
  std::string_view service;
  std::string_view signed_headers;   ///< names in lower case, ';' between them
  std::string_view signature;        ///< 64 hex digits
};

/// Nothing: not of this scheme, or a part is missing.
[[nodiscard]] std::optional<aws_authorization> parse_aws_authorization(std::string_view header) noexcept;

/// The signature that `asked` should carry if `secret` made it: 64 lower-case hex digits.
[[nodiscard]] std::string aws_signature(const call& asked, const aws_authorization& by, std::string_view secret);

/// Seconds since 1970 of an x-amz-date like "20150830T123600Z"; nothing: not one.
[[nodiscard]] std::optional<std::int64_t> parse_amz_date(std::string_view text) noexcept;

}  // namespace switchyard::sim
