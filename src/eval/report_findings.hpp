// Which named findings two radiology reports agree on. A finding that a report denies ("no pleural
// effusion") is not one that it tells of, and one that it is not sure of is a third thing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "eval/named_findings.hpp"

namespace blip::eval {

/// What a report says of a finding; what it says in several places counts as the last of these.
enum class Mention { none, absent, uncertain, present };

/// Denials are told apart as eval/denial.hpp says. → one for each finding
std::vector<Mention> mentions_of(std::string_view report,
                                 const std::vector<NamedFinding>& findings);

/// How often reports agree about one finding. One that a report is not sure of counts as present,
/// and one that it does not mention as absent.
struct FindingAgreement {
  std::string name;
  std::size_t in_both = 0;
  std::size_t in_results_alone = 0;
  std::size_t in_references_alone = 0;
  std::size_t contradictions = 0;  ///< one says that it is there, the other says that it is not

  [[nodiscard]] double precision() const;  ///< 0 where there is none in the results
  [[nodiscard]] double recall() const;     ///< 0 where there is none in the references
  [[nodiscard]] double f1() const;
};

/// results: [N]; references: [N] with one or more reports of each picture, of which the one that
/// says most of a finding counts. → one for each finding
std::vector<FindingAgreement> agreement(const std::vector<std::string>& results,
                                        const std::vector<std::vector<std::string>>& references,
                                        const std::vector<NamedFinding>& findings);

}  // namespace blip::eval
