print("dosette")
