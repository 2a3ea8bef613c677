#include "serve/engine/task_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace blip::serve {

void TaskQueue::push(JobPointer job) {
  const std::string client = job->task.client;
  const Part part = job->part;
  auto found = by_client_.find(client);
  if (found == by_client_.end()) {
    lines_.push_back({client, {}});
    try {
      lines_.back().jobs.push_back(std::move(job));
      by_client_.emplace(client, std::prev(lines_.end()));
    } catch (...) {
      lines_.pop_back();
      throw;
    }
  } else {
    found->second->jobs.push_back(std::move(job));
  }
  ++size_;
  ++size_of_part_[static_cast<std::size_t>(part)];
}

void TaskQueue::count_out(const Job& job) {
  --size_;
  --size_of_part_[static_cast<std::size_t>(job.part)];
}

JobPointer TaskQueue::pop() {
  if (lines_.empty()) return nullptr;
  const auto line = lines_.begin();
  JobPointer job = std::move(line->jobs.front());
  line->jobs.pop_front();
  count_out(*job);
  lines_.splice(lines_.end(), lines_, line);
  if (line->jobs.empty()) leave(line);
  return job;
}

bool TaskQueue::remove(const Job& job) {
  const auto found = by_client_.find(job.task.client);
  if (found == by_client_.end()) return false;
  std::deque<JobPointer>& jobs = found->second->jobs;
  const auto place = std::find_if(jobs.begin(), jobs.end(),
                                  [&](const JobPointer& each) { return each.get() == &job; });
  if (place == jobs.end()) return false;
  jobs.erase(place);
  count_out(job);
  if (jobs.empty()) leave(found->second);
  return true;
}

std::deque<JobPointer> TaskQueue::take(std::optional<Part> part) {
  const auto is_wanted = [&](const JobPointer& job) { return !part || job->part == *part; };
  std::deque<JobPointer> taken;
  // First what needs memory: without it, nothing is taken.
  for (const Line& line : lines_) {
    std::ranges::copy_if(line.jobs, std::back_inserter(taken), is_wanted);
  }
  for (const JobPointer& job : taken) count_out(*job);
  for (auto line = lines_.begin(); line != lines_.end();) {
    const auto next = std::next(line);
    std::erase_if(line->jobs, is_wanted);
    if (line->jobs.empty()) leave(line);
    line = next;
  }
  return taken;
}

void TaskQueue::leave(std::list<Line>::iterator line) {
  by_client_.erase(by_client_.find(line->client));
  lines_.erase(line);
}

}  // namespace blip::serve
