// TaskQueue: jobs that wait for a model; clients take turns.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>

#include "serve/engine/job.hpp"

namespace blip::serve {

/// For one thread at a time.
class TaskQueue {
 public:
  void push(JobPointer job);
  /// The oldest one of the client whose turn it is; null: none waits.
  JobPointer pop();
  /// Whether it was there.
  bool remove(const Job& job);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// Those that wait for one part of the model.
  [[nodiscard]] std::size_t size(Part part) const noexcept {
    return size_of_part_[static_cast<std::size_t>(part)];
  }
  /// All of one part of the model, or of all.
  std::deque<JobPointer> take(std::optional<Part> part = std::nullopt);

  template <typename Action>
  void for_each(const Action& action) {
    for (const Line& line : lines_) {
      for (const JobPointer& job : line.jobs) action(*job);
    }
  }

 private:
  struct Line {
    std::string client;
    std::deque<JobPointer> jobs;  // never empty
  };
  void leave(std::list<Line>::iterator line);
  void count_out(const Job& job);

  std::list<Line> lines_;  // whose turn it is first
  std::map<std::string, std::list<Line>::iterator, std::less<>> by_client_;
  std::size_t size_ = 0;
  std::array<std::size_t, kParts> size_of_part_{};
};

}  // namespace blip::serve
