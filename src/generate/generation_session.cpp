#include "generate/generation_session.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "blip/error.hpp"
#include "generate/checked_decode_step.hpp"

namespace blip {

struct GenerationSession::ActiveRequest {
  using Search = std::variant<GreedySearch, BeamSearch>;

  ActiveRequest(RequestId new_id, GenerationRequest&& request)
      : id(new_id),
        image(request.image),
        index(request.index),
        settings(request.settings),
        callbacks(std::move(request.callbacks)),
        search(settings.num_beams > 1
                   ? Search(std::in_place_type<BeamSearch>, settings, request.prompt)
                   : Search(std::in_place_type<GreedySearch>, settings, request.prompt)) {}

  [[nodiscard]] bool search_is_finished() const {
    return std::visit([](const auto& each) { return each.is_finished(); }, search);
  }
  [[nodiscard]] bool is_finished() const { return error || search_is_finished(); }
  void require_not_stopped() const {
    if (callbacks.stop.stop_requested()) {
      throw Error(ErrorCode::cancelled, "the generation was cancelled");
    }
  }

  RequestId id;
  int image;
  std::size_t index;
  GenerationSettings settings;
  GenerationCallbacks callbacks;
  Search search;  // refers to `settings`
  std::size_t steps = 0;
  std::size_t first_row = 0;  // in the step being run
  std::exception_ptr error;
};

GenerationSession::GenerationSession() = default;
GenerationSession::GenerationSession(GenerationSession&&) noexcept = default;
GenerationSession& GenerationSession::operator=(GenerationSession&&) noexcept = default;
GenerationSession::~GenerationSession() = default;

RequestId GenerationSession::add(GenerationRequest request) {
  if (!active_.empty() && active_.front()->settings.vocab_size != request.settings.vocab_size) {
    throw Error(ErrorCode::shape_mismatch,
                "a request for vocab_size " + std::to_string(request.settings.vocab_size) +
                    " joins others for " + std::to_string(active_.front()->settings.vocab_size));
  }
  const RequestId id{next_id_};
  active_.push_back(std::make_unique<ActiveRequest>(id, std::move(request)));
  ++next_id_;
  return id;
}

bool GenerationSession::remove(RequestId id) {
  return std::erase_if(active_, [&](const auto& request) { return request->id == id; }) > 0;
}

void GenerationSession::step(const DecodeStep& decode_step) {
  cancel_stopped();
  if (active_.empty()) return;

  rows_.clear();
  for (const auto& request : active_) {
    request->first_row = rows_.size();
    std::visit([&](const auto& search) { search.append_rows(request->image, rows_); },
               request->search);
  }
  const auto vocab_size = static_cast<std::size_t>(active_.front()->settings.vocab_size);
  const auto logits = checked_decode_step(decode_step, rows_, vocab_size);

  for (std::size_t i = 0; i < active_.size(); ++i) {
    ActiveRequest& request = *active_[i];
    const std::size_t end = i + 1 < active_.size() ? active_[i + 1]->first_row : rows_.size();
    try {
      advance(
          request,
          logits.subspan(request.first_row * vocab_size, (end - request.first_row) * vocab_size),
          static_cast<int>(request.first_row));
    } catch (...) {
      request.error = std::current_exception();
    }
  }
  collect_finished();
}

void GenerationSession::cancel_stopped() {
  for (const auto& request : active_) {
    if (request->is_finished()) continue;  // since a step that had no room for it
    try {
      request->require_not_stopped();
    } catch (...) {
      request->error = std::current_exception();
    }
  }
  collect_finished();
}

void GenerationSession::advance(ActiveRequest& request, std::span<const float> logits,
                                int first_row) {
  decided_.clear();
  std::visit(
      [&](auto& search) {
        using Memory = typename std::decay_t<decltype(search)>::Memory;
        search.advance(logits, first_row, std::get<Memory>(memory_), decided_);
      },
      request.search);
  ++request.steps;
  report(request);
}

void GenerationSession::report(ActiveRequest& request) {
  const GenerationCallbacks& callbacks = request.callbacks;
  if (callbacks.on_token) {
    for (GeneratedToken& token : decided_) {
      request.require_not_stopped();
      token.image = request.index;
      callbacks.on_token(token);
    }
  }
  if (callbacks.on_progress) {
    const std::size_t finished = request.search_is_finished() ? 1 : 0;
    callbacks.on_progress({.steps = request.steps, .finished = finished, .total = 1});
  }
}

void GenerationSession::collect_finished() {
  const auto is_finished = [](const auto& request) { return request->is_finished(); };
  // All room is made before anything is moved: without it, they are collected by the next step.
  const auto count = std::count_if(active_.begin(), active_.end(), is_finished);
  finished_.reserve(finished_.size() + static_cast<std::size_t>(count));
  for (const auto& request : active_) {
    if (!request->is_finished()) continue;
    FinishedRequest& finished = finished_.emplace_back();
    finished.id = request->id;
    finished.error = request->error;
    if (request->error) continue;
    finished.sequences =
        std::visit([](auto& search) { return search.take_results(); }, request->search);
  }
  std::erase_if(active_, is_finished);
}

std::vector<FinishedRequest> GenerationSession::take_finished() {
  return std::exchange(finished_, {});
}

}  // namespace blip
