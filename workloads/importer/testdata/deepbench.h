std::vector<std::tuple<int, int, int, bool, bool>> example_set = {
    std::make_tuple(640, 24, 320, false, true),
    std::make_tuple(64, 8, 16, true, false)
};
