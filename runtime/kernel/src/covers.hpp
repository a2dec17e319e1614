// What a query time reads and merges, taken from Python once for all entities.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tilewright {

// A stretch of one level, [start_ms, end_ms).
struct Span {
    int64_t size_ms;
    int64_t start_ms;
    int64_t end_ms;
};
using Cover = std::vector<Span>;

// Read a cover: a list of tuples that begin with a size, a start and an end.
Cover cover_of(PyObject* segments);

// The runs of tiles that are asked for.
class Ranges {
   public:
    struct Run {
        Span span;
        std::string level;
    };

    // A run is a tuple that begins as a segment does; `levels` end the keys of its level.
    Ranges(const nanobind::list& runs, const std::vector<nanobind::bytes>& levels);

    const std::vector<Run>& runs() const { return runs_; }

   private:
    std::vector<Run> runs_;
};

// The cover of each window.
class Covers {
   public:
    explicit Covers(const nanobind::list& covers);

    const std::vector<Cover>& all() const { return covers_; }

   private:
    std::vector<Cover> covers_;
};

}  // namespace tilewright
