// The Engine of `blip serve`.
#pragma once

#include <memory>

#include "serve/engine/engine.hpp"
#include "serve/engine/engine_options.hpp"

namespace blip::serve {

/// Pictures are read by some threads, models are loaded by one, and one computes, with all cores:
/// pictures in batches, and texts of many tasks step by step together. When it is destroyed, tasks
/// that are not done fail (draining).
///
/// Throws blip::Error for a model that is not there, options that make no sense, or two models of
/// one name.
std::unique_ptr<Engine> make_engine(EngineOptions options);

}  // namespace blip::serve
