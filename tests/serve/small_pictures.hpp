// Small pictures for the engine's tests, and the models that look at them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/model_options.hpp"
#include "serve/engine/engine_options.hpp"
#include "serve/engine/task.hpp"

namespace blip::serve {

/// The bytes of `count` PNG files, no two alike: the photos of tests/photos in several sizes.
std::vector<PictureBytes> small_pictures(int count);

/// One of tests/tasks/data: "hybrid", "vqa", "itm", "classifier".
app::ModelOptions small_model(const std::string& name);

/// With these four models, two threads, and a batch of four.
EngineOptions small_engine();

PictureBytes picture_of_bytes(std::string bytes, std::string name = "image");

}  // namespace blip::serve
