#include "serve/engine/generation_lane.hpp"

#include <new>
#include <utility>

#include "serve/engine/generation_defaults.hpp"

namespace blip::serve {

GenerationLane::GenerationLane(BlipGenerationSession session, const Tokenizer& tokenizer)
    : session_(std::move(session)), tokenizer_(&tokenizer) {}

void GenerationLane::join(JobPointer job, Writing writing, Context& context) {
  Written written{.job = std::move(job), .writing = std::move(writing)};
  GenerationCallbacks callbacks{.stop = written.job->stop_token()};
  if (written.job->wants_text()) {
    written.stream = std::make_unique<app::StreamedText>(*tokenizer_, written.writing.prompt,
                                                         written.writing.edits);
    callbacks.on_token = [stream = written.stream.get(),
                          listener = written.job.get()](const GeneratedToken& token) {
      if (token.sequence == 0) listener->tell(stream->add(token.token));
    };
  }
  const std::size_t rows = rows_of(written.writing.generation);
  const RequestId id = session_.add(written.job->picture->image(), written.writing.text,
                                    written.writing.generation, std::move(callbacks), context);
  try {
    running_.emplace(id, std::move(written));
  } catch (...) {
    session_.cancel(id);
    throw;
  }
  rows_ += rows;
}

std::vector<Written> GenerationLane::step(Context& context) {
  std::vector<Written> left;
  while (!session_.empty()) {
    try {
      session_.step(context);
      break;
    } catch (const std::bad_alloc&) {
      auto last = running_.rbegin();
      while (last != running_.rend() && !session_.cancel(last->first)) ++last;
      if (last == running_.rend()) break;
      left.push_back(leave(last->first));
      left.back().error = std::current_exception();
    }
  }
  for (FinishedRequest& finished : session_.take_finished()) {
    left.push_back(leave(finished.id));
    left.back().sequences = std::move(finished.sequences);
    left.back().error = finished.error;
  }
  return left;
}

std::vector<Written> GenerationLane::abandon(const std::exception_ptr& error) {
  std::vector<Written> left;
  while (!running_.empty()) {
    const RequestId id = running_.begin()->first;
    session_.cancel(id);
    left.push_back(leave(id));
    left.back().error = error;
  }
  static_cast<void>(session_.take_finished());
  return left;
}

Written GenerationLane::leave(RequestId id) {
  const auto found = running_.find(id);
  Written written = std::move(found->second);
  running_.erase(found);
  rows_ -= rows_of(written.writing.generation);
  return written;
}

}  // namespace blip::serve
