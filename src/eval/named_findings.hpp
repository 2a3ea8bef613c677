// Findings that reports tell of, by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace blip::eval {

/// A finding, and how reports write it. Capitals and punctuation do not count.
struct NamedFinding {
  std::string name;
  std::vector<std::string> phrases;         ///< that tell of it, unless they are denied
  std::vector<std::string> absent_phrases;  ///< that deny it: "heart size is normal"
};

/// The findings of chest X-rays that CheXpert counts (Irvin et al. 2019, table 1), without "no
/// finding" and "support devices".
const std::vector<NamedFinding>& chest_findings();

/// {NAME: [PHRASES] or {"present": [PHRASES], "absent": [PHRASES]}, …}; `name` stands for the file
/// in messages. Throws malformed or limit_exceeded.
std::vector<NamedFinding> parse_findings(std::string_view text, const std::string& name);

}  // namespace blip::eval
